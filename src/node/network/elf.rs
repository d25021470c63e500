//! A program that does nothing until it is told to end, as an executable file of a few hundred bytes.
//!
//! A host that reaches no other registry still needs an image for the container that holds the network of a task, so the
//! agent makes one. The program is the process 1 of that container, for which signals do nothing unless it asks for them;
//! it waits in `pause`, and the engine's SIGKILL ends it.
//!
//! It is written by hand, one segment, no libraries:
//!
//! ```text
//! x86_64                              aarch64
//! again: mov  eax, 34   ; pause       again: mov  x0, #0      ; no descriptors
//!        syscall                             mov  x1, #0
//!        jmp  again                          mov  x2, #0      ; for ever
//!                                            mov  x3, #0
//!                                            mov  x8, #73     ; ppoll: there is no pause
//!                                            svc  #0
//!                                            b    again
//! ```

/// Where the file is mapped.
const BASE: u64 = 0x40_0000;
/// The lengths of the two headers.
const HEADER: u64 = 64;
const SEGMENT: u64 = 56;

const X86_64: &[u8] = &[
    0xb8, 0x22, 0x00, 0x00, 0x00, // mov eax, 34
    0x0f, 0x05, // syscall
    0xeb, 0xf7, // jmp -9
];

const AARCH64: &[u8] = &[
    0x00, 0x00, 0x80, 0xd2, // mov x0, #0
    0x01, 0x00, 0x80, 0xd2, // mov x1, #0
    0x02, 0x00, 0x80, 0xd2, // mov x2, #0
    0x03, 0x00, 0x80, 0xd2, // mov x3, #0
    0x28, 0x09, 0x80, 0xd2, // mov x8, #73
    0x01, 0x00, 0x00, 0xd4, // svc #0
    0xfa, 0xff, 0xff, 0x17, // b -24
];

/// The program for this host; nothing on another kind of processor.
pub(super) fn program() -> Option<Vec<u8>> {
    match std::env::consts::ARCH {
        "x86_64" => Some(file(0x3e, X86_64)),
        "aarch64" => Some(file(0xb7, AARCH64)),
        _ => None,
    }
}

fn file(machine: u16, code: &[u8]) -> Vec<u8> {
    let length = HEADER + SEGMENT + u64::try_from(code.len()).unwrap_or_default();
    let mut file = Vec::new();
    // The identification: 64 bits, little end first, version 1.
    file.extend([0x7f, b'E', b'L', b'F', 2, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
    file.extend(2_u16.to_le_bytes()); // an executable
    file.extend(machine.to_le_bytes());
    file.extend(1_u32.to_le_bytes()); // version
    file.extend((BASE + HEADER + SEGMENT).to_le_bytes()); // where it begins
    file.extend(HEADER.to_le_bytes()); // where the segments are described
    file.extend(0_u64.to_le_bytes()); // no sections
    file.extend(0_u32.to_le_bytes()); // flags
    for number in [64_u16, 56, 1, 0, 0, 0] {
        file.extend(number.to_le_bytes()); // lengths and counts of headers
    }
    // The one segment: the whole file, to be read and run.
    file.extend(1_u32.to_le_bytes());
    file.extend(5_u32.to_le_bytes());
    for number in [0, BASE, BASE, length, length, 0x1_0000] {
        file.extend(number.to_le_bytes());
    }
    file.extend(code);
    file
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_program_waits_until_it_is_killed() {
        use std::os::unix::fs::PermissionsExt as _;
        use std::os::unix::process::ExitStatusExt as _;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("pause");
        std::fs::write(&path, program().unwrap()).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
        let mut child = std::process::Command::new(&path).spawn().unwrap();
        std::thread::sleep(std::time::Duration::from_millis(100));
        assert_eq!(child.try_wait().unwrap(), None, "it runs");
        child.kill().unwrap();
        assert_eq!(child.wait().unwrap().signal(), Some(9));
    }

    #[test]
    fn the_headers_are_as_long_as_they_say() {
        for code in [X86_64, AARCH64] {
            assert_eq!(file(0, code).len(), 64 + 56 + code.len());
        }
        // Branches are relative to the instruction: back to the first.
        assert_eq!(AARCH64.len(), 7 * 4);
        assert_eq!(X86_64.len() - 9, 0);
    }
}
