//! Commands that send requests without end, as courses use them to make load: a loop around `wget` or `curl`, or a tool made
//! for it (`hey`, `ab`, `wrk`, `siege`, `fortio load`).

/// Requests that a command sends for ever.
#[derive(Clone, PartialEq, Debug)]
pub struct Sender {
    /// Whom it asks, as it is written.
    pub url: String,
    /// How many requests are under way at once.
    pub clients: u32,
    /// Milliseconds from an answer to the next request of one of them.
    pub think_ms: u64,
    /// Requests a second at the most, where the tool is told so.
    pub rate: Option<u32>,
}

/// What starting a program, looking its host up and connecting takes before it can ask, in milliseconds.
const START_MS: u64 = 10;

/// What a container's command and arguments send.
pub fn sender(words: &[String]) -> Option<Sender> {
    if !words.iter().any(|word| TOOLS.iter().any(|tool| word.contains(tool))) {
        return None;
    }
    let script = words.iter().rfind(|word| word.contains(' ')).cloned().unwrap_or_else(|| words.join(" "));
    let spaced = script.replace([';', '\n', '(', ')'], " ; ").replace(['"', '\''], "");
    let parts: Vec<&str> = spaced.split_whitespace().collect();
    tool(&parts).or_else(|| looped(&parts))
}

const TOOLS: &[&str] = &["wget", "curl", "hey", "ab", "wrk", "siege", "fortio"];

/// `while sleep 0.01; do wget -q -O- http://web; done`.
fn looped(parts: &[&str]) -> Option<Sender> {
    let start = parts.iter().position(|part| matches!(*part, "while" | "until"))?;
    let at = parts.iter().position(|part| matches!(*part, "wget" | "curl"))?;
    let rest: Vec<&str> = parts[at + 1..].iter().copied().take_while(|part| *part != ";").collect();
    let takes_value = ["-O", "-o", "-T", "-t", "--timeout", "-m", "--max-time", "-H", "-X", "-w", "-A", "-e", "-U"];
    let mut url = None;
    let mut skip = false;
    for part in rest {
        match part {
            _ if std::mem::take(&mut skip) => {}
            ">" | ">>" | "2>" | "|" | "&" | "&&" | "||" => break,
            flag if flag.starts_with('-') => skip = takes_value.contains(&flag),
            word if word.contains('>') => {}
            word => url = url.or(Some(word)),
        }
    }
    let sleeps = parts.iter().enumerate().skip(start).filter(|(_, part)| **part == "sleep");
    let secs: f64 = sleeps.filter_map(|(i, _)| parts.get(i + 1)?.trim_end_matches('s').parse::<f64>().ok()).sum();
    Some(Sender { url: url?.to_owned(), clients: 1, think_ms: START_MS + (secs * 1000.0) as u64, rate: None })
}

/// `hey -z 5m -c 20 -q 10 http://web`.
fn tool(parts: &[&str]) -> Option<Sender> {
    let at = parts.iter().position(|part| matches!(*part, "hey" | "ab" | "wrk" | "siege" | "fortio"))?;
    let name = parts[at];
    let rest: Vec<&str> = parts[at + 1..].iter().copied().take_while(|part| *part != ";").collect();
    let after = |flag: &str| {
        let place = rest.iter().position(|part| *part == flag);
        let behind = place.and_then(|place| rest.get(place + 1).copied());
        behind.or_else(|| rest.iter().find_map(|part| part.strip_prefix(flag).filter(|_| !part.starts_with("--"))))
    };
    let number = |flag: &str| after(flag).and_then(|text| text.trim_start_matches('=').parse::<u32>().ok());
    let usual = match name {
        "hey" => 50,
        "wrk" => 10,
        "siege" => 25,
        "fortio" => 4,
        _ => 1,
    };
    let clients = number("-c").unwrap_or(usual);
    let rate = match name {
        "hey" => number("-q").map(|each| each * clients),
        "fortio" => Some(number("-qps").unwrap_or(8)).filter(|rate| *rate > 0),
        _ => None,
    };
    let url = rest.iter().rfind(|part| !part.starts_with('-') && (part.contains("://") || part.contains('.')))?;
    Some(Sender { url: (*url).to_owned(), clients, think_ms: 0, rate })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(words: &[&str]) -> Option<Sender> {
        sender(&words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>())
    }

    #[test]
    fn loops_and_tools_of_courses_are_understood() {
        let docs = of(&["/bin/sh", "-c", "while sleep 0.01; do wget -q -O- http://php-apache; done"]).unwrap();
        assert_eq!((docs.url.as_str(), docs.clients, docs.think_ms), ("http://php-apache", 1, 20));
        let curl = of(&["sh", "-c", "while true; do curl -s -o /dev/null web:8080/x; sleep 1; done"]).unwrap();
        assert_eq!((curl.url.as_str(), curl.think_ms), ("web:8080/x", 1010));
        let hey = of(&["hey", "-z", "5m", "-c", "20", "-q", "10", "http://web"]).unwrap();
        assert_eq!((hey.clients, hey.rate), (20, Some(200)));
        assert_eq!(of(&["sh", "-c", "wget -qO- http://web"]), None);
        assert_eq!(of(&["sleep", "60"]), None);
    }
}
