//! The rules of a node as a screen shows them: line by line as the node's own tools print them, those a request met marked.

use super::HopView;

/// The rules of a node.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct RulesView {
    /// The node.
    pub node: String,
    /// `iptables`, `ipvs` or `nftables`.
    pub mode: &'static str,
    /// The command that prints them.
    pub command: String,
    /// What it prints.
    pub lines: Vec<RuleLine>,
}

/// A line of it.
#[derive(Clone, PartialEq, Debug)]
pub struct RuleLine {
    /// As printed.
    pub text: String,
    /// What the request had to do with it.
    pub met: Met,
}

/// What a request had to do with a rule.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Met {
    /// Nothing.
    #[default]
    No,
    /// It passed through its chain, and another rule decided.
    Near,
    /// It decided, or is the head of the chain.
    Yes,
}

/// The command that prints the rules of a mode.
pub fn command(mode: &str) -> &'static str {
    match mode {
        "ipvs" => "ipvsadm -Ln",
        "nftables" => "nft list ruleset",
        _ => "iptables-save",
    }
}

/// Marks the lines of what a node prints that the hops of a request on that node met.
pub fn mark(mode: &str, printed: &str, node: &str, hops: &[HopView]) -> Vec<RuleLine> {
    let here = hops.iter().filter(|hop| hop.node == node && !hop.rule.is_empty());
    let rules: Vec<&str> = here.flat_map(|hop| hop.rule.lines()).map(str::trim).collect();
    let mut within = false;
    let met = |line: &str| {
        let met = match mode {
            "ipvs" => in_ipvs(line, &rules, within),
            "nftables" => in_nft(line, &rules, within),
            _ => in_iptables(line, &rules),
        };
        // What follows the head of a chain or of a virtual server belongs to it.
        let head = line.starts_with("TCP ") || line.starts_with("UDP ") || line.trim_start().starts_with("chain ");
        if head || line.trim() == "}" {
            within = head && met == Met::Yes;
        }
        RuleLine { text: line.to_owned(), met }
    };
    printed.lines().map(met).collect()
}

fn in_iptables(line: &str, rules: &[&str]) -> Met {
    let chain_of = |rule: &str| rule.split(' ').nth(1).map(str::to_owned);
    let chain = match line.strip_prefix(':') {
        Some(head) => head.split(' ').next().map(str::to_owned),
        None if line.starts_with("-A ") => chain_of(line),
        None => None,
    };
    let is_used = |chain: &String| rules.iter().any(|rule| chain_of(rule).as_ref() == Some(chain));
    match chain {
        _ if rules.contains(&line) => Met::Yes,
        Some(chain) if is_used(&chain) && line.starts_with(':') => Met::Yes,
        // The long chains in front hold the rules of every Service.
        Some(chain) if is_used(&chain) && chain.contains("-SV") => Met::Near,
        _ => Met::No,
    }
}

/// A rule reads `TCP 10.96.0.1:443 rr (kube-ipvs0) -> 10.0.0.1:6443 Masq 1`.
fn in_ipvs(line: &str, rules: &[&str], within: bool) -> Met {
    let words: Vec<&str> = line.split_whitespace().collect();
    let has = |rule: &&str, place: usize, word: &str| rule.split_whitespace().nth(place) == Some(word);
    match words[..] {
        ["->", endpoint, ..] if within => {
            let chosen = rules.iter().any(|rule| rule.split(" -> ").nth(1).is_some_and(|to| has(&to, 0, endpoint)));
            [Met::Near, Met::Yes][usize::from(chosen)]
        }
        [protocol @ ("TCP" | "UDP"), address, ..] => {
            let used = rules.iter().any(|rule| has(rule, 0, protocol) && has(rule, 1, address));
            [Met::No, Met::Yes][usize::from(used)]
        }
        _ => Met::No,
    }
}

/// A rule is a line of a chain, or reads `@map { KEY : goto CHAIN }`.
fn in_nft(line: &str, rules: &[&str], within: bool) -> Met {
    let line = line.trim();
    let name = line.strip_prefix("chain ").map(|head| head.trim_end_matches([' ', '{']));
    let met = |rule: &&str| match rule.split_once(" { ").filter(|_| rule.starts_with('@')) {
        Some((_, entry)) => {
            let entry = entry.trim_end_matches([' ', '}']);
            line.contains(entry) || name.is_some_and(|name| entry.ends_with(name))
        }
        None => line == *rule || line.starts_with(*rule),
    };
    match rules.iter().any(met) {
        true => Met::Yes,
        false if within && line != "}" => Met::Near,
        false => Met::No,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::view::Target;

    fn marked(mode: &str, printed: &str, rule: &str) -> Vec<Met> {
        let place = Target::new("node", "", "node-1");
        let hop =
            HopView { from: place.clone(), to: place, node: "node-1".into(), rule: rule.into(), ..HopView::default() };
        mark(mode, printed, "node-1", &[hop]).into_iter().map(|line| line.met).collect()
    }

    #[test]
    fn the_rules_that_decided_are_marked_and_their_neighbours_near() {
        let printed =
            ":KUBE-SVC-A - [0:0]\n:KUBE-SVC-B - [0:0]\n-A KUBE-SVC-A -j KUBE-SEP-1\n-A KUBE-SVC-A -j KUBE-SEP-2";
        assert_eq!(
            marked("iptables", printed, "-A KUBE-SVC-A -j KUBE-SEP-2"),
            [Met::Yes, Met::No, Met::Near, Met::Yes]
        );
        let printed = "TCP  10.96.0.1:443 rr\n  -> 10.0.0.1:1   Masq 1\nTCP  10.96.0.9:80 rr\n  -> 10.0.0.1:1   Masq 1\n  -> 10.0.0.2:1   Masq 1";
        let rule = "TCP 10.96.0.9:80 rr (kube-ipvs0) -> 10.0.0.2:1 Masq 1";
        assert_eq!(marked("ipvs", printed, rule), [Met::No, Met::No, Met::Yes, Met::Near, Met::Yes]);
        let printed = "elements = { 10.9.0.1 . tcp . 80 : goto service-A,\n chain service-A {\n  one\n  two\n }\n chain service-B {\n  one";
        let rule = "@service-ips { 10.9.0.1 . tcp . 80 : goto service-A }\ntwo";
        assert_eq!(
            marked("nftables", printed, rule),
            [Met::Yes, Met::Yes, Met::Near, Met::Yes, Met::No, Met::No, Met::No]
        );
        assert_eq!(marked("nftables", "x", ""), [Met::No]);
    }
}
