//! The journal: every input with its time. With the settings it is the whole history, and a link holds nothing more.

use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use base64::Engine;
use miniz_oxide::deflate::compress_to_vec;
use miniz_oxide::inflate::{decompress_to_vec_with_limit, TINFLStatus};
use serde::{Deserialize, Serialize};

/// The form of links; another form has another number.
const VERSION: u32 = 2;
/// Nobody types more than this; what is longer is no link of ours.
const MOST_BYTES: usize = 8 << 20;

/// What somebody did.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub enum Input {
    /// A file was written.
    Write(String, String),
    /// A command line was carried out.
    Exec(String),
    /// The running command was cancelled.
    Cancel,
}

/// An input and when it came.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Entry {
    /// When, in microseconds of the cluster.
    #[serde(rename = "t")]
    pub at_us: u64,
    /// After how many events of the cluster: it may have come between two of one instant.
    #[serde(rename = "n")]
    pub events: u64,
    /// What.
    #[serde(rename = "i")]
    pub input: Input,
}

/// All that a link holds.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct Record {
    /// The seed.
    pub seed: u64,
    /// How many nodes there were at the start.
    pub nodes: u32,
    /// The name of the scenario it began with; empty for none.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub scenario: String,
    /// So many steps of that lesson were passed.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub passed: u32,
    /// The time shown, in microseconds.
    pub now_us: u64,
    /// What was done, in order.
    pub entries: Vec<Entry>,
}

fn is_zero(number: &u32) -> bool {
    *number == 0
}

impl Record {
    /// As text that can stand in a link.
    pub fn to_text(&self) -> String {
        let json = serde_json::to_vec(self).expect("a record is plain data");
        format!("{VERSION}.{}", URL_SAFE_NO_PAD.encode(compress_to_vec(&json, 9)))
    }

    /// Reads such text.
    ///
    /// # Errors
    /// Why it is no link of ours.
    pub fn of_text(text: &str) -> Result<Record, Unreadable> {
        let (version, packed) = text.split_once('.').ok_or(Unreadable::Damaged)?;
        let version: u32 = version.parse().map_err(|_| Unreadable::Damaged)?;
        if version != VERSION {
            return Err(if version > VERSION { Unreadable::Newer } else { Unreadable::Older });
        }
        let packed = URL_SAFE_NO_PAD.decode(packed).map_err(|_| Unreadable::Damaged)?;
        let json = decompress_to_vec_with_limit(&packed, MOST_BYTES).map_err(|error| match error.status {
            TINFLStatus::HasMoreOutput => Unreadable::TooLarge,
            _ => Unreadable::Damaged,
        })?;
        serde_json::from_slice(&json).map_err(|_| Unreadable::Damaged)
    }
}

/// Why a link or a file holds no state.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Unreadable {
    /// Part of it is missing or changed.
    Damaged,
    /// A newer Kubottle wrote it.
    Newer,
    /// An older Kubottle wrote it, in a form that is no longer read.
    Older,
    /// It holds more than anybody types.
    TooLarge,
}

impl Unreadable {
    /// A short name, for messages.
    pub fn code(self) -> &'static str {
        match self {
            Unreadable::Damaged => "damaged",
            Unreadable::Newer => "newer",
            Unreadable::Older => "older",
            Unreadable::TooLarge => "too-large",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_survives_a_link_and_what_is_no_link_is_none() {
        let entry = |at_us, input| Entry { at_us, events: at_us / 7, input };
        let entries = vec![
            entry(30_000_000, Input::Write("a.yaml".into(), "kind: Pod # 容器\n".repeat(50))),
            entry(31_500_000, Input::Exec("kubectl apply -f a.yaml".into())),
            entry(32_000_000, Input::Cancel),
        ];
        let record = Record { seed: 7, nodes: 3, scenario: "kafka".into(), passed: 2, now_us: 40_000_000, entries };
        let text = record.to_text();
        assert!(text.len() < 350, "{} letters", text.len());
        assert!(text.bytes().all(|b| b.is_ascii_alphanumeric() || b"._-".contains(&b)));
        assert_eq!(Record::of_text(&text), Ok(record));
        let bomb = format!("{VERSION}.{}", URL_SAFE_NO_PAD.encode(compress_to_vec(&vec![b'['; MOST_BYTES * 2], 9)));
        for (broken, why) in [
            ("", Unreadable::Damaged),
            ("2.", Unreadable::Damaged),
            ("2.!!!", Unreadable::Damaged),
            (&text[..text.len() / 2], Unreadable::Damaged),
            ("1.abc", Unreadable::Older),
            ("3.abc", Unreadable::Newer),
            (&bomb, Unreadable::TooLarge),
        ] {
            assert_eq!(Record::of_text(broken), Err(why), "{}", &broken[..broken.len().min(40)]);
        }
    }
}
