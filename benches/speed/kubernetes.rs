//! The API server as the source: from a Service to its first answer, ten thousand of them, and what it costs to keep watching.

pub mod latency;
pub mod load;
pub mod site;

use std::time::{Duration, Instant};

use k8s_openapi::api::core::v1::Service;
use k8s_openapi::api::discovery::v1::EndpointSlice;
use kube::api::{Api, ListParams};
use kube::{Client, Resource};
use serde::de::DeserializeOwned;

use self::latency::Latency;
use self::load::{change_slices, create};
use self::site::{KubeSite, USER};
use super::lab::Lab;
use super::lab::process::Process;
use super::memory::mebibytes;
use super::site::{SETTLED, cpu_time, vip};
use super::table::{Goal, Row};

/// Samples of one latency.
const SAMPLES: u32 = 200;
/// The VIPs of those are not among the first ten thousand.
const FRESH: u32 = 20_000;
/// How long requests are counted.
const QUIET: Duration = Duration::from_mins(1);
/// How long `EndpointSlices` change.
const CHURN: Duration = Duration::from_secs(20);
/// `EndpointSlices` changed in a second.
const RATE: u32 = 100;

pub fn rows(lab: Lab) -> Vec<Row> {
    let Some(site) = KubeSite::start(lab) else { return Vec::new() };
    let mut rows = Vec::new();
    let agent = site.agent();
    rows.push(idle(&site));
    rows.extend(latency(&site, "idle cluster", FRESH, (15.0, Some(50.0))));
    drop(agent);

    create(&site.control_plane, 0..1_000);
    let (agent, took) = site.answering(vip(999));
    rows.extend(listed(&site, &agent, 1_000, took, (None, 12.0)));
    drop(agent);

    create(&site.control_plane, 1_000..5_000);
    let (agent, _) = site.answering(vip(4_999));
    std::thread::sleep(SETTLED);
    rows.extend(latency(&site, "5000 other Services", FRESH + SAMPLES, (30.0, None)));
    drop(agent);

    create(&site.control_plane, 5_000..10_000);
    let (agent, took) = site.answering(vip(9_999));
    rows.extend(listed(&site, &agent, 10_000, took, (Some(3_000.0), 40.0)));
    rows.push(churn(&site, &agent));
    rows
}

fn latency(site: &KubeSite, on: &str, first: u32, (median, p99): (f64, Option<f64>)) -> [Row; 2] {
    let Latency { answered, watched, mut created } = Latency::measure(site, first..first + SAMPLES);
    created.sort();
    let what = format!("create request of a Service sent -> the first ARP answer, {on}");
    let mut sorted = answered.clone();
    sorted.sort();
    let tail =
        Row::times(format!("{what}, p99"), &[percentile(&sorted, 99)]).against("create request answered, p99", &[percentile(&created, 99)]);
    [
        Row::times(what, &answered).against("a bare watch in the bench sees it", &watched).goal(Goal::AtMost(median)),
        p99.map_or(tail.clone(), |most| tail.goal(Goal::AtMost(most))),
    ]
}

fn percentile(sorted: &[Duration], percent: usize) -> Duration {
    sorted[(sorted.len() * percent / 100).min(sorted.len() - 1)]
}

/// From the start of the agent until it answers for the last VIP, and what it holds in memory.
fn listed(site: &KubeSite, agent: &Process, count: u32, took: Duration, (most, memory): (Option<f64>, f64)) -> [Row; 2] {
    std::thread::sleep(SETTLED);
    let what = format!("{count} Services and EndpointSlices");
    let bare = site.control_plane.with_client(async |client| {
        let began = Instant::now();
        list::<Service>(&client).await;
        list::<EndpointSlice>(&client).await;
        began.elapsed()
    });
    let row =
        Row::times(format!("start -> decided, and the last VIP is answered, {what}"), &[took]).against("a bare list of both", &[bare]);
    [
        most.map_or(row.clone(), |most| row.goal(Goal::AtMost(most))),
        Row::numbers(format!("resident memory (VmRSS), {what}"), "MiB", vec![mebibytes(agent, "status", "VmRSS:")])
            .goal(Goal::AtMost(memory)),
    ]
}

/// Lists all of a kind, in pages as the agent does.
async fn list<K: Resource<DynamicType = ()> + Clone + std::fmt::Debug + DeserializeOwned>(client: &Client) {
    let (api, mut params) = (Api::<K>::all(client.clone()), ListParams::default().limit(500));
    loop {
        let page = api.list(&params).await.unwrap();
        let Some(next) = page.metadata.continue_.filter(|next| !next.is_empty()) else { return };
        params = params.continue_token(&next);
    }
}

fn idle(site: &KubeSite) -> Row {
    let asked = || site.control_plane.audit().of(USER).count();
    let before = asked();
    std::thread::sleep(QUIET);
    let count = u32::try_from(asked() - before).unwrap();
    Row::numbers("API requests of an idle node in a minute (a watch is renewed every few minutes)", "requests", vec![f64::from(count)])
        .goal(Goal::AtMost(2.0))
}

fn churn(site: &KubeSite, agent: &Process) -> Row {
    let before = cpu_time(agent);
    let (changed, took) = change_slices(&site.control_plane, 10_000, RATE, CHURN);
    let share = cpu_time(agent).saturating_sub(before).as_secs_f64() / took.as_secs_f64();
    let rate = f64::from(changed) / took.as_secs_f64();
    Row::numbers(format!("CPU of the agent while {rate:.0} EndpointSlices change per second, of 10000"), "% of a core", vec![share * 100.0])
        .goal(Goal::AtMost(5.0))
}
