//! The programs that run in the calling thread's network namespace, out of /proc.
//!
//! Only those of the same pid namespace are there to be seen: from inside a container, the host's are not.

use std::fs;

use crate::decide::doctor::Process;

/// Every program that shares the calling thread's network namespace, and those of which a plain user cannot know.
pub fn observe_processes() -> Vec<Process> {
    let own = fs::read_link("/proc/thread-self/ns/net").ok();
    let Ok(entries) = fs::read_dir("/proc") else { return Vec::new() };
    let pids = entries.flatten().filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok());
    let process = |pid: u32| {
        let namespace = fs::read_link(format!("/proc/{pid}/ns/net")).ok();
        // A program that ended meanwhile has no name any more.
        let name = fs::read_to_string(format!("/proc/{pid}/comm")).ok()?;
        (namespace.is_none() || namespace == own).then(|| Process { pid, name: name.trim_end().to_owned() })
    };
    let mut processes: Vec<_> = pids.filter_map(process).collect();
    processes.sort_by_key(|process| process.pid);
    processes
}
