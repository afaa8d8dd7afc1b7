//! Cron schedules against the library's own examples: `tests/data/cron.tsv`.

use kubottle::base::cron::Schedule;
use kubottle::base::time::Timestamp;
use kubottle::base::zone::Zone;

/// Zones whose rule has changed since the year of the example; only the present rules are kept.
const CHANGED_ZONES: &[&str] = &["America/Sao_Paulo"];

#[test]
fn schedules_are_due_when_the_library_says() {
    let mut checked = 0;
    for line in include_str!("../data/cron.tsv").lines().filter(|line| !line.starts_with('#')) {
        let cells: Vec<&str> = line.split('\t').collect();
        let [what, spec, from, zone, expected] = cells[..] else { panic!("five cells: {line}") };
        if CHANGED_ZONES.contains(&zone) {
            continue;
        }
        let zone = Zone::find(zone).expect("a zone of the table");
        let now = match what {
            "next6" => next(Schedule::parse_with_seconds(spec), from, zone),
            "due" => {
                let at = Timestamp::parse(from).expect("a time");
                let before = Timestamp(at.0 - 1_000_000);
                let due = Schedule::parse(spec).expect("a schedule").next(before, zone) == Some(at);
                (if due { "yes" } else { "no" }).to_owned()
            }
            _ => {
                let error = Schedule::parse(spec).expect_err("no schedule");
                assert!(error.contains(expected), "{line}: {error}");
                expected.to_owned()
            }
        };
        assert_eq!(now, expected, "{line}");
        checked += 1;
    }
    assert!(checked > 45, "only {checked} examples were found");
}

fn next(schedule: Result<Schedule, String>, from: &str, zone: Zone) -> String {
    let after = Timestamp::parse(from).expect("a time");
    schedule.expect("a schedule").next(after, zone).map_or_else(|| "never".to_owned(), Timestamp::rfc3339)
}
