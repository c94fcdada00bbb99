//! What a run costs the machine.

use std::collections::HashMap;

/// Processor time, in milliseconds, of this process, of all that descend from it, and of those of them that have ended and were awaited.
/// Only where the system shows it in `/proc`.
pub fn processor_ms() -> Option<u64> {
    tree_ms(std::process::id())
}

/// Processor time of this process alone, in milliseconds.
pub fn own_ms() -> Option<u64> {
    Some(milliseconds(Stat::of(std::process::id())?.own))
}

/// [`processor_ms`] of another process and its descendants.
pub fn tree_ms(root: u32) -> Option<u64> {
    let pids = std::fs::read_dir("/proc").ok()?.flatten().filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok());
    let all: HashMap<u32, Stat> = pids.filter_map(|pid| Some((pid, Stat::of(pid)?))).collect();
    let belongs = |mut pid: u32| loop {
        match all.get(&pid) {
            _ if pid == root => return true,
            Some(stat) => pid = stat.parent,
            None => return false,
        }
    };
    let ticks: u64 = all.iter().filter(|(pid, _)| belongs(**pid)).map(|(_, stat)| stat.own + stat.ended).sum();
    all.contains_key(&root).then(|| milliseconds(ticks))
}

fn milliseconds(ticks: u64) -> u64 {
    ticks * 1000 / rustix::param::clock_ticks_per_second().max(1)
}

/// Ticks of a process.
struct Stat {
    parent: u32,
    own: u64,
    /// Of its children that have ended.
    ended: u64,
}

impl Stat {
    fn of(pid: u32) -> Option<Self> {
        let text = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
        let fields: Vec<&str> = text.rsplit_once(") ")?.1.split_whitespace().collect();
        let ticks = |index: usize| fields.get(index)?.parse::<u64>().ok();
        Some(Self { parent: fields.get(1)?.parse().ok()?, own: ticks(11)? + ticks(12)?, ended: ticks(13)? + ticks(14)? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_work_of_a_child_that_has_ended_counts() {
        let before = processor_ms().expect("/proc");
        let work = "i=0; while [ $i -lt 200000 ]; do i=$((i+1)); done";
        let ended = std::process::Command::new("sh").args(["-c", work]).status().expect("a shell");
        assert!(ended.success());
        assert!(processor_ms().expect("/proc") > before, "nothing was counted");
        assert_eq!(tree_ms(u32::MAX), None, "nobody has this number");
    }
}
