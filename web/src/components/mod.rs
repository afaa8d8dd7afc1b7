//! What is on the page. A component draws its properties and sends messages; what it remembers itself is only how it looks.

pub mod actions;
pub mod app;
pub mod charts;
pub mod editor;
pub mod glyph;
pub mod guest;
pub mod header;
pub mod inspector;
pub mod lesson;
pub mod load;
pub mod map;
pub mod map_parts;
pub mod requests;
pub mod rules;
pub mod side;
pub mod stage;
pub mod table;
pub mod tabs;
pub mod terminal;
pub mod timeline;
pub mod trip;

use crate::msg::Msg;

/// Where components send messages.
pub type Send = yew::Callback<Msg>;
