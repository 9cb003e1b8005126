//! A strict reader of the `OpenMetrics` text format (version 1.0.0), in place of promtool: what it takes, Prometheus takes.
#![allow(dead_code, reason = "shared by several test crates, none of which uses all of it")]

use std::collections::{BTreeMap, BTreeSet};

/// Labels of one series.
pub type Labels = BTreeMap<String, String>;

/// One metric family.
#[derive(Debug, Default)]
pub struct Family {
    pub kind: String,
    pub help: String,
    pub unit: Option<String>,
    /// By the name of the sample and its labels.
    pub samples: BTreeMap<(String, Labels), f64>,
}

/// A whole exposition by the names of its families.
#[derive(Debug)]
pub struct Exposition(pub BTreeMap<String, Family>);

impl Exposition {
    /// Reads it whole.
    ///
    /// # Errors
    /// The first thing that the format or Prometheus' conventions forbid.
    pub fn parse(text: &str) -> Result<Self, String> {
        let body = text.strip_suffix("# EOF\n").ok_or("does not end with # EOF")?;
        let (mut families, mut current) = (BTreeMap::<String, Family>::new(), String::new());
        for line in body.lines() {
            if let Some(comment) = line.strip_prefix("# ") {
                let (word, rest) = comment.split_once(' ').ok_or(format!("bare comment {line:?}"))?;
                let (name, value) = rest.split_once(' ').ok_or(format!("{word} without value: {line:?}"))?;
                if name != current {
                    name.clone_into(&mut current);
                    demand(!families.contains_key(name), &format!("{name} is there twice, or not in one piece"))?;
                }
                let family = families.entry(name.to_owned()).or_default();
                let slot = match word {
                    "HELP" => &mut family.help,
                    "TYPE" => &mut family.kind,
                    "UNIT" => family.unit.insert(String::new()),
                    _ => return Err(format!("unknown comment {line:?}")),
                };
                demand(slot.is_empty() && family.samples.is_empty(), &format!("{line:?} comes twice or too late"))?;
                value.clone_into(slot);
            } else {
                let (name, labels, value) = sample(line)?;
                let family = families.get_mut(&current).ok_or(format!("{line:?} before any family"))?;
                demand(
                    suffixes(&family.kind).iter().any(|suffix| name == format!("{current}{suffix}")),
                    &format!("{line:?} is no sample of {current}"),
                )?;
                demand(family.samples.insert((name, labels), value).is_none(), &format!("{line:?} is there twice"))?;
            }
        }
        families.iter().try_for_each(|(name, family)| conventions(name, family))?;
        Ok(Self(families))
    }

    /// The value of one series; panics where it is not there.
    pub fn value(&self, name: &str, labels: &[(&str, &str)]) -> f64 {
        self.get(name, labels).unwrap_or_else(|| panic!("no series {name} {labels:?} in {self:#?}"))
    }

    /// The value of one series, where it is there.
    pub fn get(&self, name: &str, labels: &[(&str, &str)]) -> Option<f64> {
        let labels: Labels = labels.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
        let key = (name.to_owned(), labels);
        self.0.values().find_map(|family| family.samples.get(&key).copied())
    }
}

fn demand(holds: bool, complaint: &str) -> Result<(), String> {
    if holds { Ok(()) } else { Err(complaint.to_owned()) }
}

fn suffixes(kind: &str) -> &'static [&'static str] {
    match kind {
        "counter" => &["_total"],
        "gauge" => &[""],
        "info" => &["_info"],
        "histogram" => &["_sum", "_count", "_bucket"],
        _ => &[],
    }
}

fn conventions(name: &str, family: &Family) -> Result<(), String> {
    demand(is_name(name), &format!("{name} is no name"))?;
    demand(name.starts_with("hostvip_") || name.starts_with("process_"), &format!("{name} has no prefix of ours"))?;
    demand(!suffixes(&family.kind).is_empty(), &format!("{name}: unknown type {:?}", family.kind))?;
    demand(family.help.ends_with('.') && family.help.len() > 10, &format!("{name}: no help"))?;
    let unit = family.unit.as_deref();
    demand(unit.is_none_or(|unit| name.ends_with(&format!("_{unit}"))), &format!("{name} does not end with its unit"))?;
    demand(unit.is_none_or(|unit| ["seconds", "bytes"].contains(&unit)), &format!("{name}: {unit:?} is no base unit"))?;
    let timed = name.ends_with("_seconds") || name.ends_with("_bytes");
    demand(!timed || unit.is_some(), &format!("{name} has no UNIT"))?;
    demand(
        !["_total", "_info", "_count", "_sum", "_bucket", "_created"].iter().any(|end| name.ends_with(end)),
        &format!("{name}: reserved suffix"),
    )?;
    if family.kind == "histogram" {
        return of_histogram(name, family);
    }
    let keys: BTreeSet<_> = family.samples.keys().map(|(_, labels)| labels.keys().collect::<Vec<_>>()).collect();
    demand(keys.len() <= 1, &format!("{name}: series with different labels {keys:?}"))?;
    demand(family.kind == "gauge" || family.samples.values().all(|value| *value >= 0.0), &format!("{name}: a counter below zero"))
}

/// Buckets are cumulative, end with +Inf, and agree with the count.
fn of_histogram(name: &str, family: &Family) -> Result<(), String> {
    let mut series: BTreeMap<Labels, Vec<(f64, f64)>> = BTreeMap::new();
    for ((sample, labels), value) in &family.samples {
        if let (true, Some(bound)) = (sample.ends_with("_bucket"), labels.get("le")) {
            let others = labels.iter().filter(|(key, _)| *key != "le").map(|(key, value)| (key.clone(), value.clone())).collect();
            series.entry(others).or_default().push((bound.parse().map_err(|error| format!("{name}: le {bound:?}: {error}"))?, *value));
        }
    }
    for (labels, mut buckets) in series {
        buckets.sort_by(|a, b| a.0.total_cmp(&b.0));
        demand(buckets.windows(2).all(|pair| pair[0].1 <= pair[1].1), &format!("{name}: buckets are not cumulative: {buckets:?}"))?;
        let count = family.samples.get(&(format!("{name}_count"), labels.clone()));
        demand(
            buckets.last().is_some_and(|last| last.0.is_infinite() && Some(&last.1) == count),
            &format!("{name} {labels:?}: +Inf is not the count"),
        )?;
        demand(family.samples.contains_key(&(format!("{name}_sum"), labels)), &format!("{name}: no sum"))?;
    }
    Ok(())
}

fn is_name(name: &str) -> bool {
    !name.is_empty() && !name.contains("__") && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_')
}

/// `name{key="value",…} number`
fn sample(line: &str) -> Result<(String, Labels, f64), String> {
    let (series, number) = line.rsplit_once(' ').ok_or(format!("no value: {line:?}"))?;
    let number = number.parse().map_err(|error| format!("{line:?}: {error}"))?;
    let Some((name, labels)) = series.split_once('{') else { return Ok((series.to_owned(), Labels::new(), number)) };
    let mut rest = labels.strip_suffix('}').ok_or(format!("labels do not end: {line:?}"))?;
    let mut found = Labels::new();
    while !rest.is_empty() {
        let (key, after) = rest.split_once("=\"").ok_or(format!("no label: {line:?}"))?;
        demand(is_name(key), &format!("label {key:?}"))?;
        let (value, after) = quoted(after).ok_or(format!("no closing quote: {line:?}"))?;
        demand(found.insert(key.to_owned(), value).is_none(), &format!("label {key} twice: {line:?}"))?;
        rest = match after.strip_prefix(',') {
            Some(after) if !after.is_empty() => after,
            Some(_) => return Err(format!("trailing comma: {line:?}")),
            None if after.is_empty() => after,
            None => return Err(format!("no comma: {line:?}")),
        };
    }
    Ok((name.to_owned(), found, number))
}

/// A label's value up to its closing quote, without escapes, and what follows.
fn quoted(text: &str) -> Option<(String, &str)> {
    let (mut value, mut characters) = (String::new(), text.char_indices());
    while let Some((at, character)) = characters.next() {
        match character {
            '"' => return Some((value, &text[at + 1..])),
            '\n' => return None,
            '\\' => value.push(match characters.next()?.1 {
                'n' => '\n',
                escaped @ ('\\' | '"') => escaped,
                _ => return None,
            }),
            other => value.push(other),
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::Exposition;

    #[test]
    fn what_prometheus_would_refuse_is_refused() {
        let head = "# HELP hostvip_vips VIPs by state.\n# TYPE hostvip_vips gauge\n";
        let sound = format!("{head}hostvip_vips{{state=\"a \\\"b\\\" c\"}} 1\nhostvip_vips{{state=\"d\"}} 2\n# EOF\n");
        assert!(Exposition::parse(&sound).is_ok(), "{:?}", Exposition::parse(&sound));
        for (what, text) in [
            ("no end", sound.replace("# EOF\n", "")),
            ("the same series twice", sound.replace("state=\"d\"", "state=\"a \\\"b\\\" c\"")),
            ("another label", sound.replace("state=\"d\"", "kind=\"d\"")),
            ("no number", sound.replace("} 2", "} two")),
            ("a family of another name", sound.replace("hostvip_vips{state=\"d\"}", "hostvip_vip{state=\"d\"}")),
            ("no help", sound.replace("VIPs by state.", "x")),
            ("an unknown type", sound.replace("gauge", "gage")),
            ("a counter without _total", sound.replace("gauge", "counter")),
            ("a unit that the name lacks", sound.replace("# TYPE", "# UNIT hostvip_vips seconds\n# TYPE")),
            ("a foreign prefix", sound.replace("hostvip_", "app_")),
            (
                "a family twice",
                sound.replace("# EOF\n", "") + "# HELP hostvip_other Something else.\n# TYPE hostvip_other gauge\n" + &sound,
            ),
            ("an open label", sound.replace("\"d\"}", "\"d}")),
            ("a trailing comma", sound.replace("\"d\"}", "\"d\",}")),
        ] {
            assert!(Exposition::parse(&text).is_err(), "{what} passes:\n{text}");
        }
    }

    #[test]
    fn histograms_have_to_add_up() {
        let text = "# HELP hostvip_x_seconds Time that it took.\n# TYPE hostvip_x_seconds histogram\n# UNIT hostvip_x_seconds seconds\n\
                    hostvip_x_seconds_sum 0.5\nhostvip_x_seconds_count 3\nhostvip_x_seconds_bucket{le=\"0.1\"} 1\nhostvip_x_seconds_bucket{le=\"+Inf\"} 3\n# EOF\n";
        assert!(Exposition::parse(text).is_ok(), "{:?}", Exposition::parse(text));
        for (what, wrong) in [
            ("not cumulative", text.replace("\"0.1\"} 1", "\"0.1\"} 4")),
            ("no sum", text.replace("hostvip_x_seconds_sum 0.5\n", "")),
            ("another count", text.replace("_count 3", "_count 2")),
            ("no UNIT", text.replace("# UNIT hostvip_x_seconds seconds\n", "")),
        ] {
            assert!(Exposition::parse(&wrong).is_err(), "{what} passes");
        }
    }
}
