//! The story: what is shown, in which order, and what must come of it.

use std::net::Ipv4Addr;

use nix::sys::signal::Signal;

use super::segment::{MAC_A, MAC_B, MAC_C, MAC_STRANGER, NODES};
use super::step::{Act, Run, Step};

const INGRESS: Ipv4Addr = Ipv4Addr::new(192, 0, 2, 100);

/// All of it.
pub(super) fn steps() -> Vec<Step> {
    vec![
        before(),
        start(),
        who_answers(),
        traffic(),
        reasons(),
        removed_by_hand(),
        stale_client(),
        duplicate(),
        nothing_to_do(),
        killed(),
        as_they_were(),
    ]
}

/// `hostvip ARGS` with the config of a node, on that node.
fn on(node: &str, args: &str, shows: &str) -> Run {
    Run::new(format!("ip netns exec {node} hostvip {args} --config {node}.toml"), shows)
}

/// The client asks the segment.
fn whohas(vip: &str, shows: &str) -> Run {
    Run::new(format!("ip netns exec client hostvip whohas {vip}"), shows)
}

fn curl(host: &str, url: &str, shows: &str) -> Run {
    Run::new(format!("ip netns exec {host} curl --silent --show-error --max-time 5 {url}"), shows)
}

/// Notes down everything that hostvip could leave behind on a node.
fn note(when: &str, shows: &str) -> Act {
    let nodes = NODES.join(" ");
    Run::new(format!("for node in {nodes}; do ip netns exec $node sh snapshot.sh >$node.{when} || exit; done"), shows).into()
}

fn before() -> Step {
    let differ = Run::new("diff node-a.toml node-b.toml", "the others differ in name and directory alone").exits(1);
    Step {
        title: "Services have addresses, and nobody answers for them",
        about: "Kubernetes wrote addresses into its Services. To the network they are nobody's yet.",
        acts: vec![
            Run::new("cat node-a.toml", "the whole config of a node").says(&["node-a"]).into(),
            differ.says(&["node_name", "state_dir"]).never(&["owner", "addresses"]).into(),
            Run::new("grep -c '^kind: Service$' services.yaml", "that many Services, as a cluster has them").says(&["7"]).into(),
            whohas("192.0.2.100", "nobody answers for the address of ingress-nginx").exits(3).never(&[MAC_A, MAC_B, MAC_C]).into(),
            on("node-a", "plan", "what its agent would do: the dry run prints the words of the log").says(&["bind 192.0.2.100"]).into(),
            note("before", "addresses, routes and settings of the nodes are noted down, for the end"),
        ],
    }
}

fn start() -> Step {
    let changed =
        Run::new("ip netns exec node-a sh snapshot.sh | diff node-a.before -", "this, and nothing else, hostvip changed on node-a")
            .exits(1)
            .says(&["> ", "192.0.2.100/32", "arp_ignore:1"]);
    Step {
        title: "Three agents start",
        about: "One on each node, with the same list of Services and the same pools. The config names the owners.",
        acts: NODES.map(Act::Start).into_iter().chain([changed.into()]).collect(),
    }
}

fn who_answers() -> Step {
    let node = Run::new("ip netns exec node-c hostvip whohas 192.0.2.101 --interface br-ex", "the same seen from another node");
    Step {
        title: "Who answers? Exactly one node for each VIP, its owner",
        about: "node-a's MAC ends in 0a, node-b's in 0b, node-c's in 0c. The standbys hold the VIP too, but silently.",
        acts: vec![
            whohas("192.0.2.100", "ingress-nginx: node-a alone").says(&[MAC_A]).never(&[MAC_B, MAC_C]).into(),
            whohas("192.0.2.101", "dns: node-b alone").says(&[MAC_B]).never(&[MAC_A, MAC_C]).into(),
            whohas("192.0.2.130", "postgres, an external IP: node-c alone").says(&[MAC_C]).never(&[MAC_A, MAC_B]).into(),
            whohas("192.0.2.102", "the shop by IPv4: node-a alone").says(&[MAC_A]).never(&[MAC_B, MAC_C]).into(),
            whohas("2001:db8::1:102", "the shop by IPv6: node-b alone").says(&[MAC_B]).never(&[MAC_A, MAC_C]).into(),
            node.says(&[MAC_B]).never(&[MAC_A]).into(),
        ],
    }
}

fn traffic() -> Step {
    Step {
        title: "Traffic reaches the backend through the VIP",
        about: "Each node has a web server behind the VIPs that says where it runs.",
        acts: vec![
            curl("client", "http://192.0.2.100/", "a client on the segment, by IPv4").says(&["hello from node-a"]).into(),
            curl("client", "http://[2001:db8::1:102]/", "the same by IPv6").says(&["hello from node-b"]).into(),
            curl("remote", "http://192.0.2.100/", "from behind the router").says(&["hello from node-a: 198.51.100.99"]).into(),
            curl("remote", "http://[2001:db8::1:102]/", "the same by IPv6").says(&["hello from node-b: 2001:db8:51::99"]).into(),
        ],
    }
}

fn reasons() -> Step {
    Step {
        title: "Why? Every VIP of every Service has one verdict with one reason",
        about: "A VIP that is not served tells so, and explain exits with 1.",
        acts: vec![
            on("node-b", "status", "what node-b holds, and why not the rest").says(&["outside every pool", "lb-1.cloud.example"]).into(),
            on("node-a", "explain shop/web", "one Service, two families, two owners").says(&["bound here", "standby: node-b"]).into(),
            on("node-a", "explain legacy/mail", "no pool holds its address, so nothing was touched")
                .exits(1)
                .says(&["outside every pool"])
                .into(),
            on("node-a", "explain staging/ingress-copy", "two Services claim one VIP and port: the elder keeps it")
                .exits(1)
                .says(&["belongs to ingress-nginx/ingress-nginx-controller"])
                .into(),
        ],
    }
}

fn removed_by_hand() -> Step {
    let remove = Run::new("ip -n node-a address del 192.0.2.100/32 dev br-ex", "removed by hand and restored by the agent");
    Step {
        title: "Somebody deletes the address; the agent puts it back",
        about: "The client asks for the VIP every 5 ms meanwhile.",
        acts: vec![
            Act::Probed(remove, INGRESS),
            Run::new("grep 'found .* gone' node-a.log", "the log of node-a tells it").says(&["192.0.2.100"]).into(),
            whohas("192.0.2.100", "node-a alone answers again").says(&[MAC_A]).never(&[MAC_B, MAC_C]).into(),
        ],
    }
}

fn stale_client() -> Step {
    let stale = format!("ip -n client neighbour replace 192.0.2.100 lladdr {MAC_C} dev eth0 nud permanent");
    Step {
        title: "A client that knows only a wrong node is served all the same",
        about: "Some devices ignore gratuitous ARP, and go on sending to a node that is not the owner any more.",
        acts: vec![
            Run::new(stale, "the client takes the standby node-c for the owner").into(),
            curl("client", "http://192.0.2.100/", "the standby accepts what it never asked for").says(&["hello from node-c"]).into(),
            Run::new("ip -n client neighbour del 192.0.2.100 dev eth0", "the client forgets it").into(),
        ],
    }
}

fn duplicate() -> Step {
    Step {
        title: "A foreign host takes the VIP, and is found",
        about: "A second answer on the segment breaks connections at random. whohas names both MACs and exits with 1.",
        acts: vec![
            Run::new("ip -n stranger address add 192.0.2.101/32 dev eth0", "a stranger has the address of dns, too").into(),
            whohas("192.0.2.101", "node-b and the stranger answer").exits(1).says(&[MAC_B, MAC_STRANGER]).never(&[MAC_A, MAC_C]).into(),
            Run::new("ip -n stranger address del 192.0.2.101/32 dev eth0", "the stranger is gone").into(),
            whohas("192.0.2.101", "node-b alone").says(&[MAC_B]).never(&[MAC_STRANGER]).into(),
        ],
    }
}

fn nothing_to_do() -> Step {
    let plan = |node| on(node, "plan", "desired and observed are the same").says(&["nothing to do"]).into();
    Step {
        title: "After all that there is nothing to do",
        about: "plan compares what should be with what the kernel holds.",
        acts: NODES.map(plan).into(),
    }
}

fn killed() -> Step {
    let line = "ip netns exec node-b hostvip withdraw --config node-b.toml 2>>node-b.log";
    let withdraw = Run::new(line, "all that bears the mark of hostvip is removed");
    Step {
        title: "An agent is killed; the kernel goes on answering, until withdraw",
        about: "The VIPs are in the kernel, so a crash of the agent loses no packet. Without agent, withdraw takes everything back.",
        acts: vec![
            Act::End("node-b", Signal::SIGKILL),
            whohas("192.0.2.101", "node-b answers without its agent").says(&[MAC_B]).never(&[MAC_A, MAC_C]).into(),
            withdraw.says(&["0 failed"]).into(),
            whohas("192.0.2.101", "nobody answers").exits(3).never(&[MAC_B]).into(),
        ],
    }
}

fn as_they_were() -> Step {
    let line = format!("for node in {}; do diff $node.before $node.after || exit; done", NODES.join(" "));
    Step {
        title: "The hosts are as they were",
        about: "Addresses, routes and network settings, before and after.",
        acts: vec![
            Act::End("node-a", Signal::SIGTERM),
            Act::End("node-c", Signal::SIGTERM),
            note("after", "noted down again"),
            Run::new(line, "no difference on any node").into(),
        ],
    }
}
