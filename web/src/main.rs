//! The page. It shows what the playground hands out as plain data, and never looks into a Kubernetes object itself.

mod codemirror;
mod components;
mod files;
mod guest;
mod load;
mod model;
mod msg;
mod platform;
mod plot;
mod refresh;
mod sessions;
mod shared;
mod site;
mod text;
mod update;

fn main() {
    platform::report_mistakes();
    platform::offer_calls(kubottle::playground::digest_of_script);
    yew::Renderer::<components::app::App>::with_root(platform::root()).render();
}
