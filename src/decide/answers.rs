//! Who answers: placement × `arp_ignore`, as measured on Linux 6.18 (docs/kernel.md §1; `tests/lab/matrix.rs` reproduces it).

use crate::model::{Family, Scope};

/// How the kernel holds a VIP, as seen from the link on which the request arrives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Held {
    /// Not at all.
    Nothing,
    /// As an address of the link on which the request arrives.
    OnLink {
        /// Its scope.
        scope: Scope,
        /// A subnet of that link holds both the VIP and who asks.
        on_subnet: bool,
    },
    /// As an address of another link, `lo` for example.
    Elsewhere(Scope),
    /// By a local route, without an address.
    Quiet,
}

/// Whether the kernel answers ARP (IPv4) or a neighbour solicitation (IPv6) for an address held so.
///
/// `arp_ignore` is the effective value, the maximum of `all` and the link (`arp_ignore()` in the kernel's net/ipv4/arp.c). With 2
/// any address of the link whose subnet holds both will do (`confirm_addr_indev()` in net/ipv4/devinet.c).
pub fn answers(family: Family, held: Held, arp_ignore: i32) -> bool {
    match (family, held) {
        (_, Held::Nothing) => false,
        (Family::Ipv6, held) => matches!(held, Held::OnLink { .. }),
        (Family::Ipv4, Held::OnLink { scope, on_subnet }) => match arp_ignore {
            2 => on_subnet,
            8 => false,
            3 => scope == Scope::Global,
            _ => true,
        },
        (Family::Ipv4, Held::Elsewhere(scope)) => match arp_ignore {
            1 | 2 | 8 => false,
            3 => scope == Scope::Global,
            _ => true,
        },
        (Family::Ipv4, Held::Quiet) => !matches!(arp_ignore, 1 | 2 | 3 | 8),
    }
}
