//! One call of a verb: its flags and arguments, and all it may touch.

use super::failure::{error, Failure};
use super::flags::Line;
use super::output::Output;
use super::reader::Reader;
use super::session::Session;
use super::verbs::Verb;
use crate::api::{Kind, Object, ObjectKey, Status};
use crate::base::time::{SimTime, Timestamp};
use crate::cluster::World;
use crate::store::rbac::{Access, User};
use crate::store::Because;
use std::sync::Arc;

/// A call of a verb.
pub struct Call<'a> {
    /// The row of the table.
    pub verb: &'static Verb,
    /// Its full name: `kubectl rollout status`.
    pub command: String,
    /// The command line behind the name.
    pub line: Line,
    /// Standard input, where something is piped in.
    pub stdin: Option<String>,
    /// The cluster.
    pub world: &'a mut World,
    /// Files and context.
    pub session: &'a mut Session,
    /// What is printed.
    pub out: &'a mut Output,
}

/// How a call goes on.
pub enum Run {
    /// It is finished, with this exit code.
    Done(u8),
    /// It goes on while time passes.
    Wait(Box<dyn Waiting>),
}

/// A command that is not finished yet.
pub trait Waiting {
    /// Looks at the cluster and prints what is new.
    fn poll(&mut self, world: &mut World, out: &mut Output) -> Poll;

    /// Ctrl-C was typed: does what is left to do.
    fn interrupt(&mut self, _world: &mut World, _out: &mut Output) {}
}

/// The state of a command.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Poll {
    /// It is finished, with this exit code.
    Done(u8),
    /// It waits for a change, at the longest until the instant it names.
    Pending(Option<SimTime>),
}

/// What a call gives.
pub type Outcome = Result<Run, Failure>;

/// How a change is tried out instead of made.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum DryRun {
    /// It is made.
    No,
    /// Only kubectl looks at it.
    Client,
    /// The API server checks it.
    Server,
}

impl DryRun {
    /// What is printed behind what was done.
    pub fn suffix(self) -> &'static str {
        match self {
            DryRun::No => "",
            DryRun::Client => " (dry run)",
            DryRun::Server => " (server dry run)",
        }
    }
}

impl Call<'_> {
    /// The namespace that is meant: that of `-n`, else that of the context.
    pub fn namespace(&self) -> String {
        self.line
            .get("namespace")
            .filter(|name| !name.is_empty())
            .map_or_else(|| self.session.namespace.clone(), str::to_owned)
    }

    /// The namespace for objects of a kind: empty for those of the whole cluster.
    pub fn namespace_for(&self, kind: &Kind) -> String {
        if kind.namespaced {
            self.namespace()
        } else {
            String::new()
        }
    }

    /// What `--dry-run` says.
    pub fn dry_run(&self) -> Result<DryRun, Failure> {
        match self.line.get("dry-run") {
            _ if self.line.is("local") => Ok(DryRun::Client),
            None | Some("none" | "0" | "f" | "F" | "false" | "FALSE" | "False") => Ok(DryRun::No),
            Some("client" | "unchanged" | "1" | "t" | "T" | "true" | "TRUE" | "True") => Ok(DryRun::Client),
            Some("server") => Ok(DryRun::Server),
            Some(other) => {
                Err(error(format!("Invalid dry-run value ({other}). Must be \"none\", \"server\", or \"client\".")))
            }
        }
    }

    /// In whose name the call is made, where `--as` says another than the administrator.
    pub fn user(&self) -> Option<User> {
        let name = self.line.get("as").filter(|name| !name.is_empty())?;
        Some(User::named(name, self.line.all("as-group")))
    }

    /// Fails where the user may not do this to an object, or with no name to those of a kind.
    ///
    /// Models staging/src/k8s.io/apiserver/pkg/endpoints/handlers/responsewriters ForbiddenMessage.
    pub fn authorize(&self, verb: &str, kind: &Kind, part: &str, namespace: &str, name: &str) -> Result<(), Failure> {
        self.authorize_access(Access { verb, group: kind.group, resource: kind.plural, part, name, url: "" }, namespace)
    }

    /// The same for a resource that is no kind of the store's.
    pub fn authorize_access(&self, access: Access<'_>, namespace: &str) -> Result<(), Failure> {
        let Some(user) = self.user() else { return Ok(()) };
        let Access { verb, group, resource, part, name, .. } = access;
        if user.may(self.world.store(), namespace, access) {
            return Ok(());
        }
        let place = match namespace {
            "" => "at the cluster scope".to_owned(),
            namespace => format!("in the namespace \"{namespace}\""),
        };
        let whole = if part.is_empty() { resource.to_owned() } else { format!("{resource}/{part}") };
        let why = format!("User \"{}\" cannot {verb} resource \"{whole}\" in API group \"{group}\" {place}", user.name);
        let resource = if group.is_empty() { resource.to_owned() } else { format!("{resource}.{group}") };
        Err(Status::forbidden(&resource, name, &why).into())
    }

    /// The object, or the API server's NotFound.
    pub fn get(&self, kind: &'static Kind, namespace: &str, name: &str) -> Result<Object, Failure> {
        self.authorize("get", kind, "", namespace, name)?;
        let key = ObjectKey::new(namespace, name);
        let found = self.world.store().get(kind.kind, &key).map(|object| self.world.present(object).seen_as(kind));
        if found.is_none() && kind.namespaced && self.world.store().find("Namespace", "", namespace).is_none() {
            return Err(crate::api::Status::not_found("namespaces", namespace).into());
        }
        found.ok_or_else(|| crate::api::Status::not_found(&kind.resource(), name).into())
    }

    /// In whose name the API server writes down what is changed: that of `--field-manager`, else the verb's own.
    pub fn manager(&self) -> String {
        let verb = self.command.split(' ').nth(1).unwrap_or("");
        match (self.line.get("field-manager"), verb) {
            (Some(given), _) if !given.is_empty() => given.to_owned(),
            (_, "apply" | "diff") if self.line.is("server-side") => "kubectl".to_owned(),
            (_, "apply") => "kubectl-client-side-apply".to_owned(),
            (_, "scale" | "cordon" | "uncordon" | "drain" | "delete") => "kubectl".to_owned(),
            (_, verb) => format!("kubectl-{verb}"),
        }
    }

    /// Why the change was made: somebody typed a command.
    pub fn because(&self) -> Arc<Because> {
        Arc::new(Because::rule("kubectl", format!("{} was typed", self.command)))
    }

    /// An argument that must be there alone.
    pub fn only_name(&self) -> Result<&str, Failure> {
        match self.line.args.as_slice() {
            [name] => Ok(name),
            args => Err(Failure::Usage(format!("exactly one NAME is required, got {}", args.len()))),
        }
    }

    /// The value of a number flag.
    pub fn number(&self, flag: &str) -> Result<Option<i64>, Failure> {
        let Some(text) = self.line.get(flag) else { return Ok(None) };
        text.parse().map(Some).map_err(|_| {
            error(format!(
                "invalid argument \"{text}\" for \"--{flag}\" flag: strconv.ParseInt: parsing \"{text}\": invalid syntax\nSee '{} --help' for usage.",
                self.command
            ))
        })
    }

    /// Fails where a flag that must be given is not.
    pub fn require(&self, flags: &[&str]) -> Result<(), Failure> {
        let missing: Vec<String> =
            flags.iter().filter(|flag| !self.line.has(flag)).map(|flag| format!("\"{flag}\"")).collect();
        match missing.is_empty() {
            true => Ok(()),
            false => Err(error(format!("required flag(s) {} not set", missing.join(", ")))),
        }
    }
}

/// Reads a World as the descriptions do.
pub struct WorldReader<'a>(pub &'a World);

impl Reader for WorldReader<'_> {
    fn get(&self, kind: &'static Kind, namespace: &str, name: &str) -> Option<Object> {
        self.0.store().find(kind.kind, namespace, name).map(|object| self.0.present(object))
    }

    fn list(&self, kind: &'static Kind, namespace: &str) -> Vec<Object> {
        match namespace {
            "" => self.0.store().all(kind.kind).map(|object| self.0.present(object)).collect(),
            namespace => self.0.store().list(kind.kind, namespace).map(|object| self.0.present(object)).collect(),
        }
    }

    fn now(&self) -> Timestamp {
        self.0.timestamp()
    }
}
