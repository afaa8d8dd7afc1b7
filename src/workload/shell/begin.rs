//! What a process begins with: a shell with its script, or one command.

use std::sync::Arc;

use ecow::{EcoString, EcoVec};

use super::compile::compile;
use super::lex::Piece;
use super::ops::{Op, Stage};
use super::{follow, Entry, Host, Process, Wake};

/// Why a shell has nothing to run.
enum Absent {
    File,
    Input,
}

impl Process {
    /// Sets up what a command line begins with: a script, or one command.
    pub(super) fn load(&mut self, words: &[EcoString], open_input: bool, host: &mut dyn Host) {
        let name = words.first().map_or("", |word| word.rsplit('/').next().unwrap_or(word));
        let mut args: EcoVec<EcoString> = words.iter().cloned().collect();
        let script = match name {
            "sh" | "bash" | "ash" | "dash" => {
                self.is_shell = true;
                self.is_bash = name == "bash";
                match self.script_of_shell(name, words, &mut args, host) {
                    Ok(text) => Some(text),
                    Err(Absent::Input) if open_input => return self.wake = Wake::Never,
                    Err(Absent::Input) => return self.wake = Wake::Ended(0),
                    Err(Absent::File) => return self.wake = Wake::Ended(2),
                }
            }
            _ => match self.executable_text(words.first().map_or("", EcoString::as_str), host) {
                Some(text) => {
                    self.is_shell = true;
                    Some(text)
                }
                None => None,
            },
        };
        if args.is_empty() {
            args.push(EcoString::from(name));
        }
        self.args = args;
        self.code = match script {
            Some(script) => match compile(&script) {
                Ok(code) => Arc::new(code),
                Err(why) => {
                    host.print(self.clock, 2, &format!("{name}: {why}\n"));
                    self.wake = Wake::Ended(2);
                    return;
                }
            },
            None => {
                let words = words.iter().map(|word| vec![Piece::Quoted(word.clone())]).collect();
                Arc::new(vec![Op::Run(Arc::new(vec![Stage { words, ..Stage::default() }]))])
            }
        };
    }

    /// What a shell is to run: what follows `-c`, a file, or what it is fed; and the words that are left for it.
    fn script_of_shell(
        &mut self,
        name: &str,
        words: &[EcoString],
        args: &mut EcoVec<EcoString>,
        host: &mut dyn Host,
    ) -> Result<String, Absent> {
        let flag = words.iter().skip(1).position(|w| w.starts_with('-') && w.ends_with('c'));
        let options = words.iter().skip(1).take_while(|w| w.starts_with('-'));
        options.clone().filter(|w| !w.starts_with("--")).for_each(|w| self.switch(&w[1..], true));
        let rest = options.count() + 1;
        if let Some(flag) = flag {
            if let Some(text) = words.get(flag + 2) {
                *args = words.iter().skip(flag + 3).cloned().collect();
                return Ok(text.to_string());
            }
        }
        let Some(path) = words.get(rest) else {
            return self.standard_input.take().map(|text| text.to_string()).ok_or(Absent::Input);
        };
        *args = words.iter().skip(rest).cloned().collect();
        match follow(host, &self.path(path)) {
            Some((_, Entry::File(text))) => Ok(text.to_string()),
            _ => {
                host.print(self.clock, 2, &format!("{name}: can't open '{path}': No such file or directory\n"));
                Err(Absent::File)
            }
        }
    }

    /// The text of a file that is run by its path and is a script.
    pub(super) fn executable_text(&self, name: &str, host: &dyn Host) -> Option<String> {
        if !name.contains('/') {
            return None;
        }
        match follow(host, &self.path(name)) {
            Some((_, Entry::File(text))) if text.starts_with("#!") => Some(text.to_string()),
            _ => None,
        }
    }
}
