//! What the API server answers instead of an object: a refusal, with Kubernetes' own words.

/// A refused request (metav1.Status of a failure).
#[derive(Clone, PartialEq, Debug)]
pub struct Status {
    /// HTTP status code.
    pub code: u16,
    /// metav1.StatusReason: NotFound, AlreadyExists, Conflict, Invalid, Forbidden, BadRequest, MethodNotAllowed ...
    pub reason: &'static str,
    /// The whole message as the API server gives it.
    pub message: String,
    /// Each single cause of an Invalid, in the order found.
    pub causes: Vec<Cause>,
    /// What to do about it: ours, never part of Kubernetes' text. Empty where there is nothing to add.
    pub hint: String,
}

/// One cause of a refusal.
#[derive(Clone, PartialEq, Debug)]
pub struct Cause {
    /// Path of the field: `spec.containers[0].image`.
    pub field: String,
    /// Error type: `Required value`, `Invalid value` ...
    pub reason: &'static str,
    /// The text without the path: `Required value: must be set`.
    pub message: String,
}

impl Status {
    fn plain(code: u16, reason: &'static str, message: String) -> Status {
        Status { code, reason, message, causes: Vec::new(), hint: String::new() }
    }

    /// `pods "web" not found`. `resource` is plural and qualified by its group: `deployments.apps`.
    pub fn not_found(resource: &str, name: &str) -> Status {
        Status::plain(404, "NotFound", format!("{resource} \"{name}\" not found"))
    }

    /// `pods "web" already exists`.
    pub fn already_exists(resource: &str, name: &str) -> Status {
        Status::plain(409, "AlreadyExists", format!("{resource} \"{name}\" already exists"))
    }

    /// A write from an outdated copy.
    pub fn conflict(resource: &str, name: &str, why: &str) -> Status {
        Status::plain(409, "Conflict", format!("Operation cannot be fulfilled on {resource} \"{name}\": {why}"))
    }

    /// `pods "web" is forbidden: why`.
    pub fn forbidden(resource: &str, name: &str, why: &str) -> Status {
        let message = match name {
            "" => format!("{resource} is forbidden: {why}"),
            name => format!("{resource} \"{name}\" is forbidden: {why}"),
        };
        Status::plain(403, "Forbidden", message)
    }

    /// A request that could not be read.
    pub fn bad_request(message: impl Into<String>) -> Status {
        Status::plain(400, "BadRequest", message.into())
    }

    /// Too many requests: an eviction refused by a disruption budget.
    pub fn too_many_requests(message: impl Into<String>) -> Status {
        Status::plain(429, "TooManyRequests", message.into())
    }

    /// What the API server could not do, though nothing is wrong with the request.
    pub fn internal(why: &str) -> Status {
        Status::plain(500, "InternalError", format!("Internal error occurred: {why}"))
    }

    /// Something that should answer does not.
    pub fn unavailable(message: &str) -> Status {
        Status::plain(503, "ServiceUnavailable", message.to_owned())
    }

    /// What cannot be done with a kind.
    pub fn method_not_allowed() -> Status {
        Status::plain(
            405,
            "MethodNotAllowed",
            "the server does not allow this method on the requested resource".to_owned(),
        )
    }

    /// A failure without a reason of its own.
    pub fn failure(code: u16, message: &str) -> Status {
        Status::plain(code, "", message.to_owned())
    }

    /// An object that failed validation. `kind` is qualified: `Deployment.apps`.
    ///
    /// Models staging/src/k8s.io/apimachinery/pkg/api/errors NewInvalid: one cause stands alone, several are a list in brackets.
    pub fn invalid(kind: &str, name: &str, causes: Vec<Cause>) -> Status {
        let mut lines: Vec<String> = Vec::new();
        for cause in &causes {
            let line = format!("{}: {}", cause.field, cause.message);
            if !lines.contains(&line) {
                lines.push(line);
            }
        }
        let all = if lines.len() == 1 { lines.remove(0) } else { format!("[{}]", lines.join(", ")) };
        let mut status = Status::plain(422, "Invalid", format!("{kind} \"{name}\" is invalid: {all}"));
        status.causes = causes;
        status
    }
}

impl std::fmt::Display for Status {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.message)
    }
}
