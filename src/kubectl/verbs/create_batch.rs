//! `kubectl create job|cronjob`.

use super::create_kinds::{finish, new_object};
use super::Verb;
use crate::api::Value;
use crate::kubectl::call::{Call, Outcome};
use crate::kubectl::failure::{error, Failure};
use crate::kubectl::resources::resource_kind;
use crate::value;

/// The row of `create job`.
pub static JOB: Verb = Verb { name: "job", run: Some(job), ..super::PLAIN };

/// The row of `create cronjob`.
pub static CRON_JOB: Verb = Verb { name: "cronjob", aliases: &["cj"], run: Some(cron_job), ..super::PLAIN };

/// The name before `--` and the command behind it.
fn name_and_command(call: &Call<'_>) -> Result<(String, Vec<String>), Failure> {
    let before_dash = call.line.dash.unwrap_or(call.line.args.len());
    let (names, command) = call.line.args.split_at(before_dash);
    match names {
        [name] => Ok((name.clone(), command.to_vec())),
        names => Err(Failure::Usage(format!("exactly one NAME is required, got {}", names.len()))),
    }
}

fn pod_template(name: &str, image: &str, command: &[String], restart: &str) -> Value {
    let mut container = value!({"image": image, "name": name, "resources": {}});
    if !command.is_empty() {
        container.set("command", command.iter().map(|word| Value::from(word.as_str())).collect::<Value>());
    }
    value!({"metadata": {}, "spec": {"containers": [container], "restartPolicy": restart}})
}

fn job(call: &mut Call<'_>) -> Outcome {
    let (name, command) = name_and_command(call)?;
    let mut job = new_object(&name, "Job");
    match (call.line.get("image"), call.line.get("from").map(str::to_owned)) {
        (Some(image), None) => job.set("spec.template", pod_template(&name, image, &command, "Never")),
        (None, Some(_)) if call.line.dash.is_some_and(|dash| dash < call.line.args.len()) => {
            return Err(error("cannot specify --from and command"))
        }
        (None, Some(from)) => {
            let cron = cron_job_of(call, &from)?;
            let mut annotations = cron.at("spec.jobTemplate.metadata.annotations").clone();
            annotations.map_mut().insert("cronjob.kubernetes.io/instantiate", "manual");
            job.set("metadata.annotations", annotations);
            let labels = cron.at("spec.jobTemplate.metadata.labels");
            if !labels.is_null() {
                job.set("metadata.labels", labels.clone());
            }
            let mut owner = cron.controller_reference();
            owner.remove_key("blockOwnerDeletion");
            job.set("metadata.ownerReferences", vec![owner]);
            job.set("spec", cron.at("spec.jobTemplate.spec").clone());
        }
        _ => return Err(error("either --image or --from must be specified")),
    }
    job.set("status", Value::map());
    finish(call, job, "job")
}

fn cron_job_of(call: &Call<'_>, from: &str) -> Result<crate::api::Object, Failure> {
    let (resource, name) =
        from.split_once('/').ok_or_else(|| error(format!("from must be an existing cronjob: {from}")))?;
    let kind = resource_kind(call, resource)?;
    let object = call.get(kind, &call.namespace(), name)?;
    match kind.kind {
        "CronJob" => Ok(object),
        other => Err(error(format!("unknown object type *{}.{other}", kind.version))),
    }
}

fn cron_job(call: &mut Call<'_>) -> Outcome {
    call.require(&["image", "schedule"])?;
    let (name, command) = name_and_command(call)?;
    let restart = call.line.get("restart").unwrap_or("OnFailure").to_owned();
    let mut cron = new_object(&name, "CronJob");
    cron.set("spec.schedule", call.line.text("schedule"));
    cron.set("spec.jobTemplate.metadata.name", name.as_str());
    let template = pod_template(&name, call.line.text("image"), &command, &restart);
    cron.set("spec.jobTemplate.spec.template", template);
    cron.set("status", Value::map());
    finish(call, cron, "cronjob")
}
