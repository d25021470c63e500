//! What a process uses, read from `/proc`.

/// Resident memory in bytes; zero when the process is gone.
pub fn resident(pid: u32) -> u64 {
    field(pid, "VmRSS:")
}

/// The highest resident memory so far, in bytes.
pub fn peak(pid: u32) -> u64 {
    field(pid, "VmHWM:")
}

/// What of the resident memory is the program itself, in bytes: pages of its file, which are not its own to hold.
pub fn program(pid: u32) -> u64 {
    field(pid, "RssFile:")
}

/// How many file descriptors are open.
pub fn descriptors(pid: u32) -> usize {
    std::fs::read_dir(format!("/proc/{pid}/fd")).map_or(0, Iterator::count)
}

fn field(pid: u32, name: &str) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix(name)).unwrap_or_default();
    let kibibytes: u64 = line.trim().trim_end_matches(" kB").parse().unwrap_or(0);
    kibibytes * 1024
}
