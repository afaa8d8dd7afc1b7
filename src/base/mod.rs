//! L0: time, chance, quantities, names and text. It knows no Kubernetes object.

mod captures;
pub mod cron;
pub mod digest;
pub mod draw;
pub mod expression;
pub mod int_or_percent;
pub mod map;
pub mod names;
pub mod order;
pub mod quantity;
mod set;
pub mod table;
pub mod time;
pub mod unified_diff;
pub mod zone;
