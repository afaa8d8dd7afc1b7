//! `kubectl certificate approve` and `deny`.

use super::change::modify_part;
use super::Verb;
use crate::api::{Object, Value};
use crate::kubectl::call::{Call, DryRun, Outcome, Run};
use crate::kubectl::failure::{error, Failure};
use crate::kubectl::print::Format;
use crate::kubectl::resources::{select, Selection};
use crate::value;

const fn row(name: &'static str, run: fn(&mut Call<'_>) -> Outcome) -> Verb {
    Verb { name, run: Some(run), ..super::PLAIN }
}

/// The row of certificate.
pub static VERB: Verb = Verb {
    name: "certificate",
    subverbs: &[&row("approve", |call| decide(call, &APPROVE)), &row("deny", |call| decide(call, &DENY))],
    ..super::PLAIN
};

/// What is decided, and the words for it.
struct Decision {
    condition: &'static str,
    other: &'static str,
    reason: &'static str,
    done: &'static str,
    verb: &'static str,
}

static APPROVE: Decision =
    Decision { condition: "Approved", other: "Denied", reason: "KubectlApprove", done: "approved", verb: "approve" };
static DENY: Decision =
    Decision { condition: "Denied", other: "Approved", reason: "KubectlDeny", done: "denied", verb: "deny" };

/// Models staging/src/k8s.io/kubectl/pkg/cmd/certificates CertificateOptions.modifyCertificateCondition.
fn decide(call: &mut Call<'_>, decision: &Decision) -> Outcome {
    let names = call.line.args.clone();
    if names.is_empty() && !call.line.has("filename") && !call.line.has("kustomize") {
        return Err(error("one or more CSRs must be specified as <name> or -f <filename>"));
    }
    let selection = match call.line.has("filename") || call.line.has("kustomize") {
        true => select(call, &[], false)?,
        false => Selection::default(),
    };
    let (mut objects, mut failures) = selection.objects(call)?;
    for name in &names {
        let typed = if name.contains('/') { name.clone() } else { format!("csr/{name}") };
        match select(call, &[typed], false).and_then(|one| one.objects(call)) {
            Ok((found, failed)) => {
                objects.extend(found);
                failures.extend(failed);
            }
            Err(failure) => failures.push(failure),
        }
    }
    for object in objects {
        failures.extend(decide_one(call, &object, decision).err());
    }
    Failure::of(failures).map_or(Ok(Run::Done(0)), Err)
}

fn decide_one(call: &mut Call<'_>, object: &Object, decision: &Decision) -> Result<(), Failure> {
    if object.kind.kind != "CertificateSigningRequest" {
        return Err(error("can only handle certificates.k8s.io/v1 certificate signing requests"));
    }
    let present = object.at("status.conditions").list();
    let has = |kind: &str| present.iter().any(|condition| condition.get("type").str() == kind);
    if has(decision.other) {
        return Err(error(format!("certificate signing request {:?} is already {}", object.name(), decision.other)));
    }
    let now = call.world.timestamp().rfc3339();
    let mut conditions: Vec<Value> = present.to_vec();
    if !has(decision.condition) {
        let message = format!("This CSR was {} by kubectl certificate {}.", decision.done, decision.verb);
        conditions.push(value!({
            "type": (decision.condition), "status": "True", "reason": (decision.reason), "message": message,
            "lastUpdateTime": (now.as_str()), "lastTransitionTime": (now.as_str())
        }));
    }
    let decided = modify_part(call, object, "approval", DryRun::No, |object| {
        object.set("status.conditions", conditions.into_iter().collect::<Value>());
        Ok(())
    })?;
    match Format::of(call)? {
        Format::Table { .. } => {
            let resource = object.kind.singular_resource();
            call.out.line(format!("{resource}/{} {}", object.name(), decision.done));
        }
        format => call.out.out(format.one(&decided)?),
    }
    Ok(())
}
