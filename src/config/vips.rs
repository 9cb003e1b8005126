//! `[[vip]]`: single VIPs, each inside a pool.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::document::Problems;
use super::value::given;
use super::written::Written;
use crate::model::{Pool, Vip};

pub(super) fn read(written: &Written, pools: &[Pool], problems: &mut Problems<'_>) -> BTreeMap<Vip, Option<Arc<str>>> {
    let mut places = BTreeMap::new();
    let mut vips = BTreeMap::new();
    for entry in &written.vip {
        let Some(key) = &entry.get_ref().address else {
            problems.at(entry.span(), "a VIP needs an address", "address = \"192.0.2.100\"");
            continue;
        };
        let vip = key.get_ref().0;
        if let Some(first) = places.get(&vip) {
            let line = problems.line(first);
            problems.at(key.span(), format!("{vip} is listed already, in line {line}"), "keep one [[vip]] for each address");
            continue;
        }
        if !pools.iter().any(|pool| pool.contains(vip)) {
            let hint = format!("add \"{}\" to the addresses of a pool: hostvip touches nothing outside pools", vip.prefix());
            problems.at(key.span(), format!("{vip} is in no pool"), hint);
        }
        places.insert(vip, key.span());
        vips.insert(vip, given(entry.get_ref().owner.as_ref()).map(|owner| owner.0.as_str().into()));
    }
    vips
}
