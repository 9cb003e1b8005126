//! The way to the API server.

use hostvip::decide::doctor::api::{Answers, ApiFacts, Grant, Need, Reached, TlsFault, judge};
use hostvip::decide::doctor::diagnose;
use hostvip::model::Severity;

use super::documented;

fn answers(change: impl FnOnce(&mut Answers)) -> ApiFacts {
    let granted = |verb, need| Grant { verb, resource: "things".into(), need, granted: Ok(true) };
    let grants = vec![granted("list", Need::Decide), granted("watch", Need::Reserve), granted("create", Need::Tell)];
    let mut answers = Answers { version: "v1.34.3".into(), unconnected: vec![], skew: Some(1), grants };
    change(&mut answers);
    facts(Reached::Answers(answers))
}

fn facts(reached: Reached) -> ApiFacts {
    ApiFacts { source: "kubeconfig /k".into(), server: "https://api:6443".into(), credential: "the token", reached }
}

fn codes(facts: &ApiFacts) -> Vec<(Severity, String)> {
    documented(judge(facts))
        .into_iter()
        .map(|finding| (finding.severity, finding.code))
        .filter(|(severity, _)| *severity != Severity::Ok)
        .collect()
}

#[test]
fn a_server_that_answers_well_is_in_order() {
    let sound = documented(judge(&answers(|_| {})));
    assert_eq!(
        sound.iter().map(|finding| (finding.severity, &*finding.code)).collect::<Vec<_>>(),
        [(Severity::Ok, "api"), (Severity::Ok, "api_rights")]
    );
    assert!(codes(&answers(|answers| answers.version = "v1.21.0+k3s1".into())).is_empty());
    assert!(codes(&answers(|answers| answers.version.clear())).is_empty(), "it may hide its version");
    assert!(codes(&answers(|answers| answers.skew = Some(-60))).is_empty());
}

#[test]
fn what_is_amiss_with_one_that_answers() {
    let one = |severity, code: &str| vec![(severity, code.to_owned())];
    assert_eq!(codes(&answers(|answers| answers.version = "v1.20.15".into())), one(Severity::Error, "api_version"));
    for skew in [61, -61] {
        assert_eq!(codes(&answers(|answers| answers.skew = Some(skew))), one(Severity::Warning, "api_clock"));
    }
    let dead = ("192.0.2.3:6443".parse().unwrap(), "Connection refused".to_owned());
    assert_eq!(codes(&answers(|answers| answers.unconnected.push(dead))), one(Severity::Warning, "api_connect"));
    for (at, severity) in [(0, Severity::Error), (1, Severity::Warning), (2, Severity::Warning)] {
        let lacking = answers(|answers| answers.grants[at].granted = Ok(false));
        assert_eq!(codes(&lacking), one(severity, "api_rights"));
        assert!(judge(&lacking).iter().any(|finding| finding.fix.contains("docs/rbac.yaml")));
        assert_eq!(codes(&answers(|answers| answers.grants[at].granted = Err("403".into()))), one(Severity::Warning, "api_rights"));
    }
}

#[test]
fn where_the_way_ends_is_one_error_that_says_what_to_do() {
    let address = "192.0.2.2:6443".parse().unwrap();
    let tls = |fault| Reached::Untrusted { address, fault };
    for (reached, code, fix) in [
        (Reached::Unreadable("kubeconfig /k: not found".into()), "api_credentials", "source.kubernetes.kubeconfig"),
        (Reached::Unresolved { host: "api".into(), error: "unknown".into() }, "api_name", "DNS"),
        (Reached::Unconnected(vec![(address, "refused".into())]), "api_connect", "runs there"),
        (tls(TlsFault::UnknownAuthority), "api_tls", "certificate-authority"),
        (tls(TlsFault::Expired), "api_tls", "renew"),
        (tls(TlsFault::NotYetValid), "api_tls", "clock"),
        (tls(TlsFault::WrongName("not api".into())), "api_tls", "tls-server-name"),
        (tls(TlsFault::ClientRefused("alert".into())), "api_tls", "client-certificate"),
        (tls(TlsFault::Other("alert".into())), "api_tls", "log"),
        (Reached::Silent("no answer".into()), "api_answer", "API server"),
        (Reached::Unauthorized("401".into()), "api_unauthorized", "token"),
    ] {
        let findings = documented(judge(&facts(reached)));
        let [finding] = &*findings else { panic!("{findings:#?}") };
        assert_eq!((finding.severity, &*finding.code), (Severity::Error, code));
        assert!(finding.fix.contains(fix), "{finding:?}");
        assert!(finding.what.contains("api:6443") || finding.what.contains("/k"), "it names its object: {finding:?}");
    }
}

#[test]
fn nothing_is_said_of_a_cluster_that_cannot_be_asked() {
    let asked = |reached| {
        let mut all = crate::doctor::facts();
        all.settings.vips.clear();
        all.decision = hostvip::decide::Decision::default();
        all.api = Some(ApiFacts { reached, ..answers(|_| {}) });
        let found = diagnose(&all).into_iter().find(|finding| finding.code == "nothing_asked");
        found.map(|finding| finding.what)
    };
    assert_eq!(asked(Reached::Silent("no answer".into())), None);
    let reached = answers(|_| {}).reached;
    assert_eq!(asked(reached).as_deref(), Some("no Service of the cluster asks for an address"));
}
