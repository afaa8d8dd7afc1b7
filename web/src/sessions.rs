//! Sessions kept under names: to keep one, to forget one, and what they are called. There is nothing of the web in here.

use crate::guest::{does, GuestEffect, NAMES};
use crate::model::Model;
use crate::msg::Effect;
use crate::shared::Shared;

impl Model {
    /// The names there are.
    pub(crate) fn set_names(&mut self, names: Vec<String>) -> Vec<Effect> {
        self.guest.names = Shared::new(names.into_iter().filter(|name| !name.is_empty()).collect());
        Vec::new()
    }

    /// Keeps the session under a name.
    pub(crate) fn save_as(&mut self, name: &str) -> Vec<Effect> {
        let name: String = name.chars().filter(|c| !c.is_control()).take(60).collect();
        if name.is_empty() {
            return Vec::new();
        }
        does(GuestEffect::Keep(format!("session/{name}"), self.playground.share()))
    }

    /// It is kept under the name, or the browser refused it.
    pub(crate) fn kept(&mut self, name: String, kept: bool) -> Vec<Effect> {
        if !kept {
            self.say(self.lang.t("session.refused"));
            return Vec::new();
        }
        self.say(&self.lang.with("session.saved", &[&name]));
        let mut names: Vec<String> = self.guest.names.iter().filter(|known| **known != name).cloned().collect();
        names.push(name);
        self.set_names(names);
        does(GuestEffect::Keep(NAMES.to_owned(), self.guest.names.join("\n")))
    }

    /// Forgets a kept session.
    pub(crate) fn forget(&mut self, name: String) -> Vec<Effect> {
        let left: Vec<String> = self.guest.names.iter().filter(|known| **known != name).cloned().collect();
        let mut effects = self.set_names(left);
        effects.extend(does(GuestEffect::Keep(NAMES.to_owned(), self.guest.names.join("\n"))));
        effects.extend(does(GuestEffect::Forget(format!("session/{name}"))));
        effects
    }
}
