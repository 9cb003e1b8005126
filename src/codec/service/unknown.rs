//! Values that a later version of Kubernetes may bring, and that concern one port or one ingress entry only.

use serde_json::Value;

const PROTOCOLS: [&str; 3] = ["TCP", "UDP", "SCTP"];
const IP_MODES: [&str; 2] = ["VIP", "Proxy"];

/// Takes out of a Service as the API shows it the ports of an unknown protocol, which clash with no port that is known, and the ingress
/// entries of an unknown `ipMode`, which are returned: field and text.
pub(super) fn leave_out(service: &mut Value) -> Vec<(String, String)> {
    if let Some(ports) = service.pointer_mut("/spec/ports").and_then(Value::as_array_mut) {
        ports.retain(|port| unknown(port, "protocol", &PROTOCOLS).is_none());
    }
    let mut malformed = Vec::new();
    if let Some(ingress) = service.pointer_mut("/status/loadBalancer/ingress").and_then(Value::as_array_mut) {
        for (at, entry) in ingress.iter().enumerate() {
            let mode = unknown(entry, "ipMode", &IP_MODES);
            malformed.extend(mode.map(|mode| (format!("status.loadBalancer.ingress[{at}].ipMode"), mode.to_owned())));
        }
        ingress.retain(|entry| unknown(entry, "ipMode", &IP_MODES).is_none());
    }
    malformed
}

/// The text of `field`, where it is none of the known ones. Something else than a text is left to serde, which refuses it.
fn unknown<'a>(object: &'a Value, field: &str, known: &[&str]) -> Option<&'a str> {
    object.get(field).and_then(Value::as_str).filter(|text| !text.is_empty() && !known.contains(text))
}
