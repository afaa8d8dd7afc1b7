//! `trace curl ...`: the way of a request in words, a hop a line with the rule that decided below it.

use super::{Context, Output};
use crate::network::trace::Verdict;
use crate::network::Trace;

/// Runs the tool named by the first argument and prints the ways of its requests instead of their answers.
pub fn run(context: &Context, args: &[String]) -> Output {
    let Some((tool, rest)) =
        args.split_first().filter(|(tool, _)| matches!(tool.as_str(), "curl" | "wget" | "nc" | "ping"))
    else {
        return Output::error(2, "trace: usage: trace curl|wget|nc|ping ARGUMENTS...\n");
    };
    let Some(mut output) = super::run(context, tool, rest) else {
        return Output::error(127, format!("trace: {tool}: command not found\n"));
    };
    if !output.traces.is_empty() {
        output.stdout = output.traces.iter().map(text).collect();
        output.files.clear();
    }
    output
}

/// The way of a request in words.
pub fn text(trace: &Trace) -> String {
    let mut text = format!("{} -> {}\n", trace.source, trace.target);
    for (i, hop) in trace.hops.iter().enumerate() {
        let place = if hop.from == hop.to { hop.from.to_string() } else { format!("{} -> {}", hop.from, hop.to) };
        let verdict = match hop.verdict {
            Verdict::Passed => "",
            Verdict::Refused => "  [refused]",
            Verdict::Dropped => "  [dropped]",
            Verdict::NotFound => "  [not found]",
        };
        text.push_str(&format!("{:>3}. {:>9}  {}  {place}{verdict}\n", i + 1, millis(hop.at_us), hop.title));
        text.push_str(&format!("     {}\n", hop.sentence));
        hop.rule.lines().for_each(|line| text.push_str(&format!("       {line}\n")));
        if let Some(probability) = hop.probability {
            text.push_str(&format!("       probability {probability:.4}\n"));
        }
        if !hop.after.is_empty() && hop.after != hop.before {
            text.push_str(&format!("       {}  becomes  {}\n", hop.before, hop.after));
        }
    }
    let pod = if trace.pod().is_empty() { String::new() } else { format!(" from pod {}", trace.pod()) };
    text.push_str(&format!("  => {}{pod} after {}\n", trace.result(), millis(trace.time_us)));
    text
}

/// `1.250 ms`.
fn millis(us: u64) -> String {
    format!("{}.{:03} ms", us / 1000, us % 1000)
}
