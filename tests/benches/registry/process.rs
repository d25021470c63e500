//! What a server's process costs, read from `/proc`: CPU seconds and peak resident memory; also the generator's own CPU
//! time, which shares the cores. Nothing here starts or stops a process.

use std::fs;
use std::net::SocketAddr;

/// A server's process.
#[derive(Clone, Copy)]
pub(crate) struct Process {
    pid: u32,
}

/// `USER_HZ`, in which the kernel counts the times in `/proc/<pid>/stat`: 100 on every Linux of today, whatever `CONFIG_HZ`.
const TICKS_PER_SECOND: f64 = 100.0;

impl Process {
    /// The process with this id, if its figures can be read.
    pub(crate) fn new(pid: u32) -> Option<Self> {
        let process = Self { pid };
        process.cpu_seconds().map(|_| process)
    }

    /// The process that listens on a port of this machine, if we may look at it.
    pub(crate) fn listening_on(address: SocketAddr) -> Option<Self> {
        let sockets: Vec<String> = ["/proc/net/tcp", "/proc/net/tcp6"]
            .iter()
            .filter_map(|table| fs::read_to_string(table).ok())
            .flat_map(|table| listening_inodes(&table, address.port()))
            .map(|inode| format!("socket:[{inode}]"))
            .collect();
        let processes = fs::read_dir("/proc").ok()?.flatten();
        let owner = processes.filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok()).find(|pid| {
            let Ok(files) = fs::read_dir(format!("/proc/{pid}/fd")) else {
                return false;
            };
            files.flatten().any(|file| {
                fs::read_link(file.path()).is_ok_and(|link| sockets.iter().any(|socket| link.as_os_str() == &**socket))
            })
        })?;
        Self::new(owner)
    }

    /// CPU seconds, user and system, that the process has used so far.
    pub(crate) fn cpu_seconds(self) -> Option<f64> {
        let stat = fs::read_to_string(format!("/proc/{}/stat", self.pid)).ok()?;
        // The second field is the program's name in parentheses and may hold spaces: count from the last parenthesis.
        let mut fields = stat.rsplit(')').next()?.split_ascii_whitespace().skip(11);
        let user: f64 = fields.next()?.parse().ok()?;
        let system: f64 = fields.next()?.parse().ok()?;
        Some((user + system) / TICKS_PER_SECOND)
    }

    /// Makes the peak begin anew at what is resident now. Where the kernel refuses, the peak stays that of the whole life.
    pub(crate) fn reset_peak(self) {
        let _ = fs::write(format!("/proc/{}/clear_refs", self.pid), "5");
    }

    /// Peak resident memory in bytes since the last reset.
    pub(crate) fn peak_bytes(self) -> Option<u64> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.pid)).ok()?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
        let kibibytes: u64 = line.trim().trim_end_matches("kB").trim().parse().ok()?;
        Some(kibibytes * 1024)
    }
}

/// CPU seconds of the calling thread, which is the one that generates the load.
pub(crate) fn own_cpu_seconds() -> f64 {
    let text = fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    let nanoseconds: f64 = text.split_ascii_whitespace().next().and_then(|field| field.parse().ok()).unwrap_or(0.0);
    nanoseconds / 1e9
}

fn listening_inodes(table: &str, port: u16) -> Vec<String> {
    let wanted = format!(":{port:04X}");
    let rows = table.lines().skip(1).map(|line| line.split_ascii_whitespace().collect::<Vec<_>>());
    // Columns: number, local address, remote address, state (0A is listening), five more, inode.
    rows.filter(|row| row.len() > 9 && row[1].ends_with(&wanted) && row[3] == "0A")
        .map(|row| row[9].to_owned())
        .collect()
}
