//! `[coordination]` and `[fence]`: values that contradict each other.

use std::time::Duration;

use toml::Spanned;

use super::document::Problems;
use super::value::given;
use super::written::{Detect, FenceMode, OnApiLoss, Written};

pub(super) fn check(written: &Written, problems: &mut Problems<'_>) {
    let coordination = &written.coordination;
    let durations = [&coordination.renew_interval, &coordination.lease_duration, &coordination.probe_interval, &written.fence.timeout];
    for key in durations.into_iter().flatten().filter(|key| key.get_ref().0.is_zero()) {
        problems.at(key.span(), "must not be zero", "write a duration such as \"5s\", or remove the key for its default");
    }
    check_renewal(written, problems);
    check_api_loss(written, problems);
}

/// A lease that runs out before it is renewed is lost again and again.
fn check_renewal(written: &Written, problems: &mut Problems<'_>) {
    let coordination = &written.coordination;
    let (renew, lease) = (coordination.renew_interval.as_ref(), coordination.lease_duration.as_ref());
    let every = given(renew).copied().unwrap_or(Duration::from_secs(5));
    let lasts = given(lease).copied().unwrap_or(Duration::from_secs(15));
    // Zero has been reported already.
    if every < lasts || lasts.is_zero() {
        return;
    }
    let Some(span) = lease.or(renew).map(Spanned::span) else { return };
    let message = format!("a lease of {lasts:?} that is renewed every {every:?} runs out in between");
    problems.at(span, message, "make lease_duration three times renew_interval, or more");
}

fn check_api_loss(written: &Written, problems: &mut Problems<'_>) {
    let coordination = &written.coordination;
    let on_api_loss = coordination.on_api_loss.as_ref();
    let fences = on_api_loss.is_some_and(|key| key.get_ref().0 == OnApiLoss::Fence);
    if let Some(key) = coordination.detect.as_ref().filter(|key| key.get_ref().0 == Detect::Lease && !fences) {
        let message = "without a view of the wire an owner that lost the API cannot be told from a dead one";
        problems.at(key.span(), message, "set on_api_loss = \"fence\" as well, or detect = \"wire\"");
    }
    let unfenced = written.fence.mode.as_ref().is_some_and(|key| key.get_ref().0 == FenceMode::Off);
    if let Some(key) = on_api_loss.filter(|_| fences && unfenced) {
        problems.at(key.span(), "there is no fence: fence.mode is \"off\"", "set fence.mode = \"nftables\", or on_api_loss = \"hold\"");
    }
}
