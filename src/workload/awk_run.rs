//! What an awk program does with lines.

use super::awk::{Act, Expr, When};
use super::awk_data::{calculate, compares, format_of, matches, split, Datum};
use super::filters::Filter;

/// So many rounds a loop takes at the most.
const MOST_ROUNDS: u32 = 1_000_000;

/// How the acts of a rule are left early.
enum Leave {
    Next,
    Exit,
    Break,
    Continue,
}

/// A program that runs.
pub(super) struct Awk {
    rules: Vec<(When, Vec<Act>)>,
    state: State,
    begun: bool,
    exited: bool,
    open: Vec<bool>,
}

#[derive(Default)]
pub(super) struct State {
    names: Vec<(String, Datum)>,
    pub(super) arrays: Vec<(String, Vec<(String, Datum)>)>,
    pub(super) line: String,
    fields: Vec<String>,
    number: u64,
    code: u8,
}

impl Awk {
    pub(super) fn new(rules: Vec<(When, Vec<Act>)>, settings: Vec<(String, String)>) -> Awk {
        let mut state = State::default();
        for (name, text) in [("OFS", " "), ("ORS", "\n"), ("SUBSEP", "\u{1c}")] {
            state.set_name(name, Datum::text(text));
        }
        settings.iter().for_each(|(name, text)| state.set_name(name, Datum::read(text)));
        let open = rules.iter().map(|_| false).collect();
        Awk { rules, state, begun: false, exited: false, open }
    }

    fn run(&mut self, at: fn(&When) -> bool, out: &mut String) {
        for (i, (when, acts)) in self.rules.iter().enumerate() {
            if !at(when) || self.exited {
                continue;
            }
            let state = &mut self.state;
            let holds = match when {
                When::Holds(asked) => state.value(asked).holds(),
                When::Between(first, last) => {
                    let within = self.open[i] || state.value(first).holds();
                    self.open[i] = within && !state.value(last).holds();
                    within
                }
                _ => true,
            };
            if !holds {
                continue;
            }
            match state.acts(acts, out) {
                Some(Leave::Next) => return,
                Some(Leave::Exit) => self.exited = true,
                _ => {}
            }
        }
    }

    fn begin(&mut self, out: &mut String) {
        if !std::mem::replace(&mut self.begun, true) {
            self.run(|when| matches!(when, When::Begin), out);
        }
    }
}

impl State {
    pub(super) fn name(&self, name: &str) -> Datum {
        match name {
            "NR" | "FNR" => Datum::of(self.number as f64),
            "NF" => Datum::of(self.fields.len() as f64),
            name => self
                .names
                .iter()
                .find(|(known, _)| known == name)
                .map_or_else(|| Datum { text: String::new(), number: Some(0.0) }, |(_, datum)| datum.clone()),
        }
    }

    pub(super) fn set_name(&mut self, name: &str, datum: Datum) {
        if name == "NF" {
            self.fields.resize(datum.number().max(0.0) as usize, String::new());
            return self.join();
        }
        match self.names.iter_mut().find(|(known, _)| known == name) {
            Some((_, held)) => *held = datum,
            None => self.names.push((name.to_owned(), datum)),
        }
    }

    pub(super) fn array(&mut self, name: &str) -> &mut Vec<(String, Datum)> {
        let place = self.arrays.iter().position(|(known, _)| known == name).unwrap_or_else(|| {
            self.arrays.push((name.to_owned(), Vec::new()));
            self.arrays.len() - 1
        });
        &mut self.arrays[place].1
    }

    /// Takes a line, split into its fields.
    fn take(&mut self, line: &str) {
        self.line = line.to_owned();
        self.fields = split(line, &self.name("FS").text);
    }

    fn join(&mut self) {
        self.line = self.fields.join(&self.name("OFS").text);
    }

    fn key(&mut self, places: &[Expr]) -> String {
        let parts: Vec<String> = places.iter().map(|place| self.value(place).text).collect();
        parts.join("\u{1c}")
    }

    pub(super) fn set(&mut self, place: &Expr, datum: Datum) {
        match place {
            Expr::Name(name) => self.set_name(name, datum),
            Expr::Item(array, places) => {
                let key = self.key(places);
                let items = self.array(array);
                match items.iter_mut().find(|(known, _)| *known == key) {
                    Some((_, held)) => *held = datum,
                    None => items.push((key, datum)),
                }
            }
            Expr::Field(place) => match self.value(place).number() as usize {
                0 => self.take(&datum.text),
                place => {
                    let most = self.fields.len().max(place.min(10_000));
                    self.fields.resize(most, String::new());
                    if let Some(field) = self.fields.get_mut(place - 1) {
                        *field = datum.text;
                    }
                    self.join();
                }
            },
            _ => {}
        }
    }

    pub(super) fn value(&mut self, expr: &Expr) -> Datum {
        let truth = |holds: bool| Datum::of(f64::from(u8::from(holds)));
        match expr {
            Expr::Number(number) => Datum::of(*number),
            Expr::Text(text) => Datum::text(text.clone()),
            Expr::Pattern(pattern) => truth(matches(pattern, &self.line)),
            Expr::Name(name) => self.name(name),
            Expr::Field(place) => match self.value(place).number() as usize {
                0 => Datum::read(&self.line),
                place => self.fields.get(place - 1).map_or_else(|| self.name(""), |text| Datum::read(text)),
            },
            Expr::Item(array, places) => {
                let key = self.key(places);
                let nothing = self.name("");
                let items = self.array(array);
                match items.iter().find(|(known, _)| *known == key) {
                    Some((_, datum)) => datum.clone(),
                    None => {
                        items.push((key, nothing.clone()));
                        nothing
                    }
                }
            }
            Expr::Within(key, array) => {
                let key = self.value(key).text;
                truth(self.array(array).iter().any(|(known, _)| *known == key))
            }
            Expr::Set(sign, place, given) => {
                let mut datum = self.value(given);
                if let Some(sign) = sign.strip_suffix('=').filter(|sign| !sign.is_empty()) {
                    datum = Datum::of(calculate(sign, self.value(place).number(), datum.number()));
                }
                self.set(place, datum.clone());
                datum
            }
            Expr::Step(step, place, old) => {
                let before = self.value(place).number();
                self.set(place, Datum::of(before + step));
                Datum::of(if *old { before } else { before + step })
            }
            Expr::One("!", inner) => truth(!self.value(inner).holds()),
            Expr::One(sign, inner) => {
                let number = self.value(inner).number();
                Datum::of(if *sign == "-" { -number } else { number })
            }
            Expr::Choice(asked, yes, no) => match self.value(asked).holds() {
                true => self.value(yes),
                false => self.value(no),
            },
            Expr::Two("&&", a, b) => truth(self.value(a).holds() && self.value(b).holds()),
            Expr::Two("||", a, b) => truth(self.value(a).holds() || self.value(b).holds()),
            Expr::Two("", a, b) => Datum::text(self.value(a).text + &self.value(b).text),
            Expr::Two(sign @ ("~" | "!~"), a, b) => {
                let text = self.value(a).text;
                let pattern = self.pattern(b);
                truth(matches(&pattern, &text) == (*sign == "~"))
            }
            Expr::Two(sign @ ("==" | "!=" | "<" | "<=" | ">" | ">="), a, b) => {
                let (a, b) = (self.value(a), self.value(b));
                truth(compares(&a, sign, &b))
            }
            Expr::Two(sign, a, b) => {
                let (a, b) = (self.value(a).number(), self.value(b).number());
                Datum::of(calculate(sign, a, b))
            }
            Expr::Call(name, args) => self.call(name, args),
        }
    }

    fn acts(&mut self, acts: &[Act], out: &mut String) -> Option<Leave> {
        acts.iter().find_map(|act| self.act(act, out))
    }

    fn act(&mut self, act: &Act, out: &mut String) -> Option<Leave> {
        match act {
            Act::Print(values) => {
                let texts: Vec<String> = values.iter().map(|value| self.value(value).text).collect();
                out.push_str(&if texts.is_empty() { self.line.clone() } else { texts.join(&self.name("OFS").text) });
                out.push_str(&self.name("ORS").text);
            }
            Act::Printf(values) => {
                let values: Vec<Datum> = values.iter().map(|value| self.value(value)).collect();
                out.push_str(&format_of(&values));
            }
            Act::Value(value) => drop(self.value(value)),
            Act::If(asked, yes, no) => {
                return match self.value(asked).holds() {
                    true => self.acts(yes, out),
                    false => self.acts(no, out),
                }
            }
            Act::While(asked, body, step, late) => {
                for round in 0..MOST_ROUNDS {
                    if !(*late && round == 0 || self.value(asked).holds()) {
                        break;
                    }
                    match self.acts(body, out) {
                        Some(Leave::Break) => break,
                        Some(Leave::Continue) | None => {}
                        leave => return leave,
                    }
                    if let Some(step) = step {
                        self.act(step, out);
                    }
                }
            }
            Act::Each(name, array, body) => {
                let keys: Vec<String> = self.array(array).iter().map(|(key, _)| key.clone()).collect();
                for key in keys {
                    self.set_name(name, Datum::read(&key));
                    match self.acts(body, out) {
                        Some(Leave::Break) => break,
                        Some(Leave::Continue) | None => {}
                        leave => return leave,
                    }
                }
            }
            Act::Delete(array, places) => {
                let key = self.key(places);
                self.array(array).retain(|(known, _)| !places.is_empty() && *known != key);
            }
            Act::Block(acts) => return self.acts(acts, out),
            Act::Next => return Some(Leave::Next),
            Act::Exit(code) => {
                self.code = code.as_ref().map_or(self.code, |code| self.value(code).number() as u8);
                return Some(Leave::Exit);
            }
            Act::Break => return Some(Leave::Break),
            Act::Continue => return Some(Leave::Continue),
        }
        None
    }
}

impl Filter for Awk {
    fn line(&mut self, line: &str, out: &mut String) {
        self.begin(out);
        if self.exited {
            return;
        }
        self.state.number += 1;
        self.state.take(line);
        self.run(|when| !matches!(when, When::Begin | When::End), out);
    }

    fn end(&mut self, out: &mut String) -> u8 {
        self.begin(out);
        self.exited = false;
        self.run(|when| matches!(when, When::End), out);
        self.state.code
    }
}
