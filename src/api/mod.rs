//! L1: what an object is. Values, the kinds table and the schema; decode, defaults, validation, encode, patches and apply.
//!
//! It never stores an object and never asks what time it is.

pub mod amounts;
pub mod apply;
pub mod assist;
pub mod check;
pub mod decode;
mod decode_scalar;
pub mod defaults;
pub mod diagnostic;
pub mod encode;
pub mod encode_kyaml;
mod encode_yaml;
mod encode_yaml_text;
mod field_compare;
pub mod field_manager;
mod field_merge;
mod field_set;
pub mod fixes;
mod fixes_layout;
pub mod hints;
pub mod json;
pub mod jsonpath;
mod jsonpath_parse;
pub mod kinds;
pub mod manifest;
pub mod merge;
pub mod node_selector;
pub mod object;
pub mod patch;
pub mod patch_diff;
mod patch_json;
pub mod patch_meta;
pub mod patch_strategic;
pub mod pod_security;
pub mod qos;
pub mod schema;
mod schema_docs;
pub mod selector;
pub mod status;
pub mod validation;
pub mod value;
pub mod volume_match;
pub mod yaml;
mod yaml_build;
mod yaml_flow;
mod yaml_map;
pub mod yaml_scalar;
mod yaml_scan;
mod yaml_scan_mark;
mod yaml_scan_scalar;
mod yaml_token;

pub use kinds::{kind, Kind};
pub use object::{Object, ObjectKey};
pub use status::Status;
pub use value::{Map, Value};
