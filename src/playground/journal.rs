//! The journal: every input with its time. With the settings it is the whole history, and a link holds nothing more.

use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use base64::Engine;
use miniz_oxide::deflate::compress_to_vec;
use miniz_oxide::inflate::decompress_to_vec_with_limit;
use serde::{Deserialize, Serialize};

/// The form of links; another form has another number.
const VERSION: &str = "1";
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

/// An input and when it came, in microseconds of the cluster.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Entry {
    /// When.
    pub at_us: u64,
    /// What.
    pub input: Input,
}

/// All that a link holds.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct Record {
    /// The seed.
    pub seed: u64,
    /// How many nodes there were at the start.
    pub nodes: u32,
    /// The time shown, in microseconds.
    pub now_us: u64,
    /// What was done, in order.
    pub entries: Vec<Entry>,
}

impl Record {
    /// As text that can stand in a link.
    pub fn to_text(&self) -> String {
        let json = serde_json::to_vec(self).expect("a record is plain data");
        format!("{VERSION}.{}", URL_SAFE_NO_PAD.encode(compress_to_vec(&json, 9)))
    }

    /// Reads such text; nothing for what is none.
    pub fn of_text(text: &str) -> Option<Record> {
        let packed = text.strip_prefix(VERSION)?.strip_prefix('.')?;
        let json = decompress_to_vec_with_limit(&URL_SAFE_NO_PAD.decode(packed).ok()?, MOST_BYTES).ok()?;
        serde_json::from_slice(&json).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_survives_a_link_and_what_is_no_link_is_none() {
        let entries = vec![
            Entry { at_us: 30_000_000, input: Input::Write("a.yaml".into(), "kind: Pod # 容器\n".repeat(50)) },
            Entry { at_us: 31_500_000, input: Input::Exec("kubectl apply -f a.yaml".into()) },
            Entry { at_us: 32_000_000, input: Input::Cancel },
        ];
        let record = Record { seed: 7, nodes: 3, now_us: 40_000_000, entries };
        let text = record.to_text();
        assert!(text.len() < 300, "{} letters", text.len());
        assert!(text.bytes().all(|b| b.is_ascii_alphanumeric() || b"._-".contains(&b)));
        assert_eq!(Record::of_text(&text), Some(record));
        for broken in ["", "1.", "2.abc", "1.!!!", &text[..text.len() / 2]] {
            assert_eq!(Record::of_text(broken), None, "{broken}");
        }
    }
}
