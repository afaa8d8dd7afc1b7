//! The classes of pods, and counts that may be percentages, against upstream's own tables.

use super::support;
use kubottle::api::{kind, qos, Object, Value};
use kubottle::base::int_or_percent::IntOrPercent;
use kubottle::cluster::World;
use kubottle::controllers::deployment_arithmetic::scaled;
use kubottle::kubectl::player::Player;
use kubottle::store::Settings;

#[test]
fn a_pods_class_is_what_upstream_makes_of_it() {
    for line in include_str!("../data/qos.jsonl").lines() {
        let case: serde_json::Value = serde_json::from_str(line).expect("JSON");
        let mut pod = Object::new(kind("Pod"), "default", case["name"].as_str().expect("a name"));
        pod.set("spec", support::value(&case["spec"], 0));
        assert_eq!(qos::qos_class(&pod), case["class"].as_str().expect("a class"), "{}", pod.name());
    }
}

#[test]
fn counts_and_percentages_are_read_as_upstreams() {
    let mut player = Player::new(World::new(Settings::default()), Default::default());
    for line in include_str!("../data/int_or_percent.tsv").lines().filter(|line| !line.starts_with('#')) {
        let [check, text, total, want] = line.split('\t').collect::<Vec<_>>()[..] else { panic!("four cells: {line}") };
        let found = match check {
            "percent" => match IntOrPercent::parse(text) {
                Some(IntOrPercent::Percent(n)) => n.to_string(),
                _ => "error".to_owned(),
            },
            "scaled" => {
                let (total, way) = total.split_once(' ').expect("a total and a way to round");
                let count = scaled(&Value::from(text), total.parse().expect("a number"), way == "up");
                count.map_or("error".to_owned(), |count| count.to_string())
            }
            "flag" => {
                let made =
                    format!("kubectl create pdb a --selector=a=b --min-available={text} --dry-run=client -o json");
                let printed = player.run(&made).stdout;
                // What is no plain number is refused before it is read.
                let json = serde_json::from_str::<serde_json::Value>(&printed);
                json.map_or_else(|_| "error".to_owned(), |json| json["spec"]["minAvailable"].to_string())
            }
            other => panic!("no such check: {other}"),
        };
        assert_eq!(found, want, "{line}");
    }
}
