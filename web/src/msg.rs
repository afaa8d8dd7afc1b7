//! Everything that can happen to the page, and everything it can ask for outside.

use kubottle::view::{Mark, Target, TextEdit};

use crate::guest::{GuestEffect, GuestMsg};
use crate::load::LoadCurve;
use crate::shared::Shared;
use crate::text::Lang;

/// Which colours the page has.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Theme {
    /// As the system says.
    #[default]
    Auto,
    /// Light.
    Light,
    /// Dark.
    Dark,
}

impl Theme {
    /// The short name, as in `?theme=`.
    pub fn code(self) -> &'static str {
        match self {
            Theme::Auto => "auto",
            Theme::Light => "light",
            Theme::Dark => "dark",
        }
    }

    /// The theme of a short name.
    pub fn of_code(code: &str) -> Theme {
        match code {
            "light" => Theme::Light,
            "dark" => Theme::Dark,
            _ => Theme::Auto,
        }
    }
}

/// What the stage shows.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum StageTab {
    /// The drawing.
    #[default]
    Map,
    /// The lives of the pods.
    Timeline,
    /// The numbers of a workload.
    Charts,
    /// What kube-proxy made of the Services on a node.
    Rules,
}

/// A file that charts can be kept in.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ChartFile {
    /// Drawing.
    Svg,
    /// Picture.
    Png,
    /// Numbers.
    Csv,
}

impl StageTab {
    /// The view of a short name, as in `?view=`.
    pub fn of_code(code: &str) -> Option<StageTab> {
        Some(match code {
            "map" => StageTab::Map,
            "timeline" => StageTab::Timeline,
            "charts" => StageTab::Charts,
            "rules" => StageTab::Rules,
            _ => return None,
        })
    }
}

/// What the form for requests says.
#[derive(Clone, PartialEq, Debug)]
pub struct Ask {
    /// `outside`, the name of a node, `pod/NAMESPACE/NAME`, or nothing for a shell in the cluster.
    pub source: String,
    /// What follows `curl`.
    pub target: String,
    /// How many to send.
    pub count: u32,
}

/// What the place below the inspector shows.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum SideTab {
    /// The cluster's events.
    #[default]
    Events,
    /// Requests and their hops.
    Requests,
}

/// What the inspector shows of an object.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Facet {
    /// Its main fields.
    #[default]
    Summary,
    /// How it came to be so.
    Why,
    /// The object.
    Yaml,
    /// `kubectl describe`.
    Describe,
    /// Its events.
    Events,
    /// What it has written.
    Logs,
}

/// The place a small screen shows below the stage.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Pane {
    /// Manifest.
    #[default]
    Files,
    /// Terminal.
    Terminal,
    /// Inspector.
    Inspector,
    /// Events and requests.
    Side,
}

/// Everything that can happen to the page.
#[derive(Clone, PartialEq, Debug)]
pub enum Msg {
    /// The next picture is due, at a time in milliseconds.
    Frame(f64),
    /// Play or pause.
    TogglePlay,
    /// To the next event of the cluster.
    Step,
    /// So many seconds a second.
    Speed(f64),
    /// To a moment, in milliseconds of the cluster.
    Seek(u64),
    /// A new, empty cluster.
    Reset,
    /// The manifest was typed in.
    Manifest(String),
    /// Put another file in the editor.
    OpenFile(String),
    /// Begin another file.
    NewFile,
    /// To the end of another branch of history.
    Branch(u32),
    /// Carry the manifest out.
    Apply,
    /// Put a mistake of the manifest right.
    Fix(TextEdit),
    /// Show a line of the manifest.
    GoToLine(u32),
    /// Look at something, or at nothing.
    Select(Option<Target>),
    /// Open the menu of a node on the map, or close it.
    Menu(Option<String>),
    /// Type a command into the terminal.
    Do(String),
    /// Show another side of it.
    Facet(Facet),
    /// Show another view of the cluster.
    Stage(StageTab),
    /// Show another list.
    Side(SideTab),
    /// Show another place on a small screen.
    Pane(Pane),
    /// Show the stage as text or as a drawing.
    ToggleText,
    /// Show so many milliseconds on the axis of time, or all of it (0).
    Span(u64),
    /// Show or hide what a new cluster brings with it.
    ToggleSystem,
    /// The map has another width.
    MapWidth(f32),
    /// The command line was typed in.
    Typed(String),
    /// Carry the command line out.
    Run,
    /// The documentation and the help were loaded, or could not be: then they are empty.
    Texts(String, String),
    /// Stop the running command, or drop the command line.
    Interrupt,
    /// Empty the terminal.
    Clear,
    /// Complete the command line.
    Complete,
    /// An earlier (true) or later command line.
    Recall(bool),
    /// Send a request to a service or a node port.
    Send(Target),
    /// Show the way of a request, or of none.
    ShowRequest(Option<u32>),
    /// Show the charts of a workload or a node.
    ChartOf(String),
    /// A moment on the charts is pointed at, or none.
    Hover(Option<u64>),
    /// Keep the charts in a file.
    Export(ChartFile),
    /// The curve of the load is this.
    Load(LoadCurve),
    /// The curve is let go of.
    LoadChanged,
    /// Send the load.
    LoadStart,
    /// Stop the load.
    LoadStop,
    /// The form for requests says this.
    Ask(Ask),
    /// Send what the form says.
    SendAsked,
    /// Let kube-proxy balance with this.
    ProxyMode(String),
    /// Show the rules of a node.
    RulesNode(String),
    /// Go to the rules of a node.
    ShowRules(String),
    /// Show only rules that contain this.
    RulesFilter(String),
    /// Show only rules that the request met, or all.
    ToggleMet,
    /// Make a link of it all.
    Share,
    /// The link is in the clipboard, or could not be put there.
    Copied(bool),
    /// Speak another language.
    Language(Lang),
    /// Other colours.
    Theme(Theme),
    /// Something of the host page, of scenarios or kept sessions.
    Guest(GuestMsg),
}

/// What is to be done outside.
#[derive(Clone, PartialEq, Debug)]
pub enum Effect {
    /// Keep a value for the next visit.
    Keep(&'static str, String),
    /// Keep the charts in a file.
    Export(ChartFile),
    /// Replace the text in the editor.
    EditorText(String),
    /// Replace a piece of the text in the editor.
    Edit(TextEdit),
    /// Show marks in the editor.
    EditorMarks(Shared<Vec<Mark>>),
    /// Move the editor to a line.
    EditorLine(u32),
    /// Put a link with this state in the address bar and in the clipboard.
    ShareLink(String),
    /// Tell the document its language.
    Language(Lang),
    /// Tell the document its colours.
    Theme(Theme),
    /// Load the documentation of the fields and the help of the commands.
    LoadTexts,
    /// Something of the host page, of scenarios or kept sessions.
    Guest(GuestEffect),
}
