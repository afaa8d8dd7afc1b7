//! Validation of probes and of what runs at the start and the end of a container.

use super::field::{Errors, Path};
use super::pod::PodContext;
use crate::api::Value;
use crate::base::names;

/// The three probes of a container.
///
/// Models pkg/apis/core/validation validateLivenessProbe, validateReadinessProbe and validateStartupProbe.
pub fn all(container: &Value, context: &PodContext<'_>, path: &Path<'_>, errors: &mut Errors) {
    for field in ["livenessProbe", "readinessProbe", "startupProbe"] {
        let probe = container.get(field);
        if probe.is_null() {
            continue;
        }
        let path = path.child(field);
        one(probe, context, &path, errors);
        if field == "readinessProbe" {
            let grace = probe.get("terminationGracePeriodSeconds");
            if !grace.is_null() {
                let path = path.child("terminationGracePeriodSeconds");
                errors.invalid(&path, grace, "must not be set for readinessProbes");
            }
        } else if probe.get("successThreshold").int() != 1 {
            errors.invalid(&path.child("successThreshold"), probe.get("successThreshold").int(), "must be 1");
        }
    }
}

/// Models pkg/apis/core/validation validateProbe.
fn one(probe: &Value, context: &PodContext<'_>, path: &Path<'_>, errors: &mut Errors) {
    handler(probe, &["exec", "httpGet", "tcpSocket", "grpc"], context, path, errors);
    for field in ["initialDelaySeconds", "timeoutSeconds", "periodSeconds", "successThreshold", "failureThreshold"] {
        errors.non_negative(&path.child(field), probe.get(field));
    }
    if probe.get("terminationGracePeriodSeconds").opt_int().is_some_and(|seconds| seconds <= 0) {
        let seconds = probe.get("terminationGracePeriodSeconds");
        errors.invalid(&path.child("terminationGracePeriodSeconds"), seconds, "must be greater than 0");
    }
}

/// Models pkg/apis/core/validation validateLifecycle.
pub fn lifecycle(lifecycle: &Value, context: &PodContext<'_>, path: &Path<'_>, errors: &mut Errors) {
    for field in ["postStart", "preStop"] {
        let action = lifecycle.get(field);
        if !action.is_null() {
            handler(action, &["exec", "httpGet", "tcpSocket", "sleep"], context, &path.child(field), errors);
        }
    }
    stop_signal(lifecycle.get("stopSignal"), context, &path.child("stopSignal"), errors);
}

/// Models pkg/apis/core/validation validateStopSignal.
fn stop_signal(signal: &Value, context: &PodContext<'_>, path: &Path<'_>, errors: &mut Errors) {
    match (signal.is_null(), context.os) {
        (true, _) => {}
        (false, "") => errors.forbidden(path, "may not be set for containers with empty `spec.os.name`"),
        (false, "windows") if !["SIGKILL", "SIGTERM"].contains(&signal.str()) => {
            errors.not_supported(path, signal, &["SIGKILL", "SIGTERM"]);
        }
        _ => {}
    }
}

/// Models pkg/apis/core/validation validateHandler.
fn handler(handler: &Value, known: &[&str], context: &PodContext<'_>, path: &Path<'_>, errors: &mut Errors) {
    let mut found = false;
    for kind in known {
        let action = handler.get(kind);
        if action.is_null() {
            continue;
        }
        let path = path.child(kind);
        if found {
            errors.forbidden(&path, "may not specify more than 1 handler type");
            continue;
        }
        found = true;
        match *kind {
            "exec" if action.get("command").is_empty() => errors.required(&path.child("command"), ""),
            "httpGet" => http_get(action, &path, errors),
            "tcpSocket" | "grpc" => port_number_or_name(action.get("port"), &path.child("port"), errors),
            "sleep" => sleep(action, context, &path, errors),
            _ => {}
        }
    }
    if !found {
        errors.required(path, "must specify a handler type");
    }
}

/// Models pkg/apis/core/validation validateHTTPGetAction.
fn http_get(action: &Value, path: &Path<'_>, errors: &mut Errors) {
    if action.get("path").is_empty() {
        errors.required(&path.child("path"), "");
    }
    port_number_or_name(action.get("port"), &path.child("port"), errors);
    let scheme = action.get("scheme").str();
    if !["HTTP", "HTTPS"].contains(&scheme) {
        errors.not_supported(&path.child("scheme"), scheme, &["HTTP", "HTTPS"]);
    }
    for header in action.get("httpHeaders").list() {
        let name = header.get("name").str();
        errors.malformed(&path.child("httpHeaders"), name, names::http_header_name(name));
    }
}

/// Models pkg/apis/core/validation validateSleepAction.
fn sleep(action: &Value, context: &PodContext<'_>, path: &Path<'_>, errors: &mut Errors) {
    let seconds = action.get("seconds").int();
    if let Some(grace) = context.grace_seconds {
        if seconds < 0 || seconds > grace {
            let detail = format!("must be non-negative and less than terminationGracePeriodSeconds ({grace})");
            errors.invalid(path, seconds, &detail);
        }
    }
}

/// A port given by number or by name.
///
/// Models pkg/apis/core/validation ValidatePortNumOrName.
pub fn port_number_or_name(port: &Value, path: &Path<'_>, errors: &mut Errors) {
    match port.opt_str() {
        Some(name) => errors.malformed(path, name, names::port_name(name)),
        None => {
            for complaint in names::port_number(port.int()) {
                errors.invalid(path, port.int(), &complaint);
            }
        }
    }
}
