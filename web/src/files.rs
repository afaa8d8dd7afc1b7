//! The editor's files, which are the terminal's: one of them is open, and what is typed there is written before a command can
//! read it. There is nothing of the web in here.

use kubottle::view::Stream;

use crate::guest::GuestMsg;
use crate::model::{Model, MANIFEST_FILE};
use crate::msg::{Effect, Msg, Pane};

impl Model {
    /// What is kept for the next visit: the manifest, but no other file.
    pub(crate) fn keep_manifest(&self) -> Vec<Effect> {
        match self.file == MANIFEST_FILE {
            true => vec![Effect::Keep("manifest", self.manifest.clone())],
            false => Vec::new(),
        }
    }

    pub(crate) fn open_file(&mut self, path: String, text: String) -> Vec<Effect> {
        if self.file == MANIFEST_FILE {
            self.manifest_kept = std::mem::take(&mut self.manifest);
        }
        // What the editor has of the manifest is newer than what was applied of it.
        self.manifest = if path == MANIFEST_FILE { std::mem::take(&mut self.manifest_kept) } else { text };
        (self.file, self.pane) = (path, Pane::Files);
        self.list_files();
        self.check_at_ms = Some(self.now_ms);
        vec![Effect::EditorText(self.manifest.clone())]
    }

    /// Puts another file in the editor; what was changed in this one is written.
    pub(crate) fn switch_file(&mut self, name: String) -> Vec<Effect> {
        if name == self.file {
            return Vec::new();
        }
        if self.file != MANIFEST_FILE {
            self.write_file();
        }
        let text = self.playground.read(&name).unwrap_or_default().to_owned();
        self.open_file(name, text)
    }

    /// Writes what is in the editor, where that is not what is written already.
    pub(crate) fn write_file(&mut self) {
        if !self.guest.readonly && self.playground.read(&self.file) != Some(self.manifest.as_str()) {
            self.playground.write(&self.file, &self.manifest);
        }
    }

    /// True where the open file is one for kubectl.
    pub(crate) fn is_manifest(&self) -> bool {
        [".yaml", ".yml", ".json"].iter().any(|end| self.file.ends_with(end))
    }

    /// Begins another file, under a name of its own.
    pub(crate) fn new_file(&mut self) -> Vec<Effect> {
        let mut names = (2..).map(|n| format!("manifest-{n}.yaml"));
        let name = names.find(|name| self.playground.read(name).is_none() && *name != self.file);
        self.switch_file(name.unwrap_or_default())
    }

    pub(crate) fn apply(&mut self) -> Vec<Effect> {
        self.make_room();
        if self.marks.iter().any(|mark| mark.severity == "error") {
            self.pane = Pane::Terminal;
        }
        if self.file != MANIFEST_FILE {
            self.write_file();
            let verb = if self.file.starts_with("kubectl-edit-") { "replace" } else { "apply" };
            return match self.is_manifest() {
                true => self.run(&format!("kubectl {verb} -f {}", self.file)),
                false => Vec::new(),
            };
        }
        let line = self.playground.apply(MANIFEST_FILE, &self.manifest);
        self.print(Stream::Input, &format!("$ {line}"));
        self.say(self.lang.t("announce.applied"));
        self.play(true)
    }

    /// The manifest, and what else there is.
    pub(crate) fn list_files(&mut self) {
        let mut files = vec![MANIFEST_FILE.to_owned()];
        files.extend(self.playground.files().into_iter().filter(|name| name != MANIFEST_FILE));
        if !files.contains(&self.file) {
            files.push(self.file.clone());
        }
        self.files.renew(files);
    }
}

/// True for what would change the cluster or its files.
pub(crate) fn changes(msg: &Msg) -> bool {
    match msg {
        Msg::Apply | Msg::Run | Msg::Do(_) | Msg::Reset | Msg::Manifest(_) | Msg::NewFile | Msg::Fix(_) => true,
        Msg::Typed(_) | Msg::Send(_) | Msg::SendAsked | Msg::ProxyMode(_) | Msg::Interrupt => true,
        Msg::LoadStart | Msg::LoadStop | Msg::LoadChanged => true,
        Msg::Guest(msg) => matches!(
            msg,
            GuestMsg::Open(_) | GuestMsg::Session(_) | GuestMsg::State(_) | GuestMsg::Undo | GuestMsg::OpenFile
        ),
        _ => false,
    }
}
