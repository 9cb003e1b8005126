//! Kernel settings below `/proc/sys/net`, of the calling thread's network namespace.
//!
//! Paths are built here because libraries take a dot in `v.100` for a separator.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::{fs, io};

use super::error::Error;
use super::journal::Journal;
use crate::model::{Knob, LinkName, Op, Sysctl, SysctlState};

/// Every knob of one link, or of `all`, that this kernel has.
pub(super) fn observe(link: &LinkName, journal: &Journal) -> BTreeMap<Sysctl, SysctlState> {
    let state = |knob| {
        let sysctl = Sysctl { link: link.clone(), knob };
        let value = read(&sysctl)
            .inspect_err(|error| {
                if error.kind() != io::ErrorKind::NotFound {
                    tracing::warn!(%sysctl, %error, "cannot read a kernel setting");
                }
            })
            .ok()?;
        let before = journal.get(&sysctl).map(|entry| entry.before);
        Some((sysctl, SysctlState { value, before }))
    };
    Knob::ALL.into_iter().filter_map(state).collect()
}

/// Sets a kernel setting; the value before is on disk by then.
pub(super) fn set(journal: &mut Journal, op: &Op, sysctl: &Sysctl, index: Option<u32>, value: i32) -> Result<SysctlState, Error> {
    let failed = |source| Error::Sysctl { op: op.to_string(), source };
    let present = read(sysctl).map_err(failed)?;
    if present != value {
        journal.record(sysctl, index, present, value)?;
        write(sysctl, value).map_err(failed)?;
        let kept = read(sysctl).map_err(failed)?;
        if kept != value {
            return Err(Error::SysctlKept { op: op.to_string(), kept });
        }
    }
    Ok(SysctlState { value, before: journal.get(sysctl).map(|entry| entry.before) })
}

/// Gives a kernel setting back the value it had before our first change, unless somebody else changed it since.
/// What is there then, or none where the link is gone.
pub(super) fn restore(journal: &mut Journal, op: &Op, sysctl: &Sysctl) -> Result<Option<SysctlState>, Error> {
    let failed = |source| Error::Sysctl { op: op.to_string(), source };
    let present = match read(sysctl) {
        Ok(value) => value,
        Err(source) if source.kind() == io::ErrorKind::NotFound => {
            tracing::warn!(%sysctl, "not restored: the link is gone");
            return journal.forget(sysctl).map(|()| None);
        }
        Err(source) => return Err(failed(source)),
    };
    let value = match journal.get(sysctl) {
        Some(entry) if entry.set.contains(&present) => {
            write(sysctl, entry.before).map_err(failed)?;
            entry.before
        }
        Some(entry) if entry.before != present => {
            tracing::warn!(%sysctl, present, before = entry.before, "not restored: somebody else changed it after us");
            present
        }
        _ => present,
    };
    journal.forget(sysctl)?;
    Ok(Some(SysctlState { value, before: None }))
}

fn read(sysctl: &Sysctl) -> io::Result<i32> {
    let text = fs::read_to_string(path(sysctl)?)?;
    text.trim().parse().map_err(|error| io::Error::new(io::ErrorKind::InvalidData, format!("{:?} is no number: {error}", text.trim())))
}

fn write(sysctl: &Sysctl, value: i32) -> io::Result<()> {
    fs::write(path(sysctl)?, value.to_string())
}

fn path(sysctl: &Sysctl) -> io::Result<PathBuf> {
    let (family, name) = sysctl.knob.path();
    let link = sysctl.link.as_str();
    // The kernel gives no link such a name (dev_valid_name); a config file might.
    if matches!(link, "" | "." | "..") || link.contains(['/', '\0']) {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, format!("{link:?} cannot be the name of a link")));
    }
    Ok(Path::new("/proc/sys/net").join(family).join("conf").join(link).join(name))
}
