//! Quantities against upstream's own tables.

use kubottle::api::{decode, schema::find_struct};
use kubottle::base::quantity::{Format, Quantity};
use kubottle::base::time::{human_duration, Span};

fn format(name: &str) -> Format {
    match name {
        "BinarySI" => Format::BinarySi,
        "DecimalExponent" => Format::DecimalExponent,
        _ => Format::DecimalSi,
    }
}

fn exact(text: &str, form: &str) -> Quantity {
    let (unscaled, exponent) = text.split_once('e').expect("unscaled and exponent");
    Quantity::scaled(unscaled.parse().expect("a number"), exponent.parse().expect("a number"), format(form))
}

fn number<T: std::str::FromStr>(text: &str) -> T {
    text.parse().unwrap_or_else(|_| panic!("{text} is no number"))
}

fn parse(text: &str) -> Quantity {
    Quantity::parse(text).unwrap_or_else(|error| panic!("{text}: {error}"))
}

fn agrees(row: &[&str]) -> bool {
    match row {
        ["parse", text, value, form] => {
            let want = exact(value, form);
            let negative = Quantity::parse(&format!("-{text}"));
            let read = Quantity::parse(text);
            read == Ok(want) && read.unwrap().format() == want.format() && negative == Ok(Quantity::ZERO - want)
        }
        ["parse-error", text] => Quantity::parse(text).is_err(),
        ["print", value, form, want, rest @ ..] => {
            let other = rest.first().is_none_or(|other| other.is_empty() || parse(other).to_string() == *want);
            exact(value, form).to_string() == *want && (format(form) == Format::BinarySi || other)
        }
        ["emit", text, want] => parse(text).to_string() == *want,
        ["milli", value, form, want] => Quantity::from_milli(number(value), format(form)).to_string() == *want,
        ["scaled", value, scale, want] => {
            Quantity::scaled(number(value), number(scale), Format::DecimalSi).to_string() == *want
        }
        ["rescale", from, to, want] => {
            Quantity::scaled(1, number(from), Format::DecimalSi).scaled_value(number(to)) == number::<i64>(want)
        }
        ["round", text, scale, value, form] => {
            let scale: i32 = number(scale);
            Quantity::scaled(parse(text).scaled_value(scale), scale, Format::DecimalSi) == exact(value, form)
        }
        ["float", value, form, want] => approximate(exact(value, form)) == number::<f64>(want),
        ["float-of", text, want] => approximate(parse(text)) == number::<f64>(want),
        ["json", json, want] => {
            let json: serde_json::Value = serde_json::from_str(json).expect("JSON");
            let amounts = serde_json::json!({ "resources": { "requests": { "cpu": json } } });
            let read =
                decode::typed(&super::support::value(&amounts, 0), find_struct("core", "v1", "Container").unwrap());
            read.value.at("resources.requests.cpu").str() == *want
        }
        ["parts", text, whole] => Quantity::parse(text) == Quantity::parse(whole),
        ["compare", x, y, want] => parse(x).cmp(&parse(y)) as i32 == number::<i32>(want),
        _ => panic!("no such check: {row:?}"),
    }
}

/// The amount as a float.
fn approximate(quantity: Quantity) -> f64 {
    match quantity.scaled_value(-9) {
        i64::MAX if quantity > Quantity::new(i64::MAX, Format::DecimalSi) => quantity.scaled_value(6) as f64 * 1e6,
        i64::MAX => quantity.scaled_value(0) as f64,
        nano => nano as f64 / 1e9,
    }
}

#[test]
fn quantities_read_print_and_compare_as_upstreams() {
    let table = include_str!("../data/quantity.tsv");
    let rows: Vec<Vec<&str>> = table.lines().filter(|l| !l.starts_with('#')).map(|l| l.split('\t').collect()).collect();
    let wrong: Vec<_> = rows.iter().filter(|row| !agrees(row)).collect();
    assert!(wrong.is_empty(), "{} of {} differ: {wrong:#?}", wrong.len(), rows.len());
}

#[test]
fn ages_read_as_upstreams() {
    let rows = include_str!("../data/human_duration.tsv").lines().filter(|line| !line.starts_with('#'));
    let mut checked = 0;
    for line in rows {
        let (seconds, want) = line.split_once('\t').expect("two columns");
        let seconds: f64 = seconds.parse().expect("seconds");
        let span = Span((seconds.max(0.0) * 1e6).round() as u64);
        assert_eq!(human_duration(span), want, "{seconds} seconds");
        checked += 1;
    }
    assert_eq!(checked, 33);
}

#[test]
fn sums_keep_the_form_of_the_left_side() {
    assert_eq!((parse("1Gi") + parse("1G")).to_string(), "2073741824");
    assert_eq!((parse("1G") + parse("1Gi")).to_string(), "2073741824");
    assert_eq!((Quantity::ZERO + parse("1Gi")).to_string(), "1Gi");
    assert_eq!((parse("100m") * 3 - parse("1")).to_string(), "-700m");
    assert_eq!(parse("0.5").milli_value(), 500);
    assert_eq!(parse("1500m").value(), 2);
}
