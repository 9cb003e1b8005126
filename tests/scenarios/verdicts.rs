//! The verdicts of a scenario, beside those that stand in it.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use hostvip::config::{Facts, parse};
use hostvip::decide::{Inputs, decide};

use super::cluster::Known;
use super::format::{Expected, Scenario, Theme};
use super::host;

/// By subject: code and text of each.
type Verdicts = BTreeMap<String, Vec<(String, String)>>;

/// What differs, in words; empty where the scenario is as it stands.
pub fn differences(theme: &Theme, scenario: &Scenario) -> Vec<String> {
    let found = match decided(theme, scenario) {
        Ok(found) => found,
        Err(error) => return vec![error],
    };
    let subjects: BTreeSet<_> = found.keys().chain(scenario.verdicts.keys()).collect();
    let differs = |subject: &&String| {
        let (found, expected) = (found.get(*subject).map_or(&[][..], Vec::as_slice), scenario.verdicts.get(*subject));
        let same = expected.is_some_and(|expected| expected.is(found));
        (!same).then(|| format!("{subject}: expected {}, found {}", expected.map_or("no verdict".to_owned(), Expected::text), text(found)))
    };
    subjects.iter().filter_map(differs).collect()
}

fn decided(theme: &Theme, scenario: &Scenario) -> Result<Verdicts, String> {
    let sound = host::sound(&scenario.node);
    let config =
        parse(Path::new("hostvip.toml"), scenario.config.as_ref().unwrap_or(&theme.config)).map_err(|errors| errors.to_string())?;
    let settings = config.settings(&Facts { host_name: &scenario.node, host: &sound }).map_err(|errors| errors.to_string())?;
    let known = Known::of(theme.objects.iter().chain(&scenario.objects).cloned()).map_err(|error| error.to_string())?;
    let services: Vec<_> = known.services.iter().collect();
    let cluster = settings.source.kubernetes.as_ref().map(|_| &known.cluster);
    let host = host::changed(sound, &scenario.host);
    let decision = decide(Inputs { settings: &settings, services: &services, cluster, unread: &BTreeSet::new(), host: &host });
    let mut found = Verdicts::new();
    for verdict in decision.verdicts {
        let of = verdict.service.map_or_else(|| "[[vip]]".to_owned(), |key| key.to_string());
        let subject = verdict.address.map_or_else(|| of.clone(), |address| format!("{of} {address}"));
        found.entry(subject).or_default().push((verdict.reason.code().to_owned(), verdict.reason.to_string()));
    }
    Ok(found)
}

impl Expected {
    fn is(&self, found: &[(String, String)]) -> bool {
        let codes = |expected: &[&str]| found.iter().map(|(code, _)| code.as_str()).eq(expected.iter().copied());
        match self {
            Self::Code(code) => codes(&[code]),
            Self::Codes(expected) => codes(&expected.iter().map(String::as_str).collect::<Vec<_>>()),
            Self::Text(expected) => found.iter().map(|(code, text)| (code, text)).eq(expected),
        }
    }

    fn text(&self) -> String {
        match self {
            Self::Code(code) => code.clone(),
            Self::Codes(codes) => codes.join(", "),
            Self::Text(texts) => format!("{texts:?}"),
        }
    }

    /// The codes that stand here.
    pub fn codes(&self) -> Vec<&str> {
        match self {
            Self::Code(code) => vec![code],
            Self::Codes(codes) => codes.iter().map(String::as_str).collect(),
            Self::Text(texts) => texts.keys().map(String::as_str).collect(),
        }
    }
}

fn text(found: &[(String, String)]) -> String {
    let texts: Vec<_> = found.iter().map(|(code, text)| format!("{code} ({text})")).collect();
    if texts.is_empty() { "no verdict".to_owned() } else { texts.join(", ") }
}
