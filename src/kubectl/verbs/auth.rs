//! `kubectl auth`: whoever types is the administrator.

use super::Verb;
use crate::api::kinds::find_resource;
use crate::base::table::columns;
use crate::kubectl::call::{Call, Outcome, Run};
use crate::kubectl::failure::error;

/// Its row.
pub static VERB: Verb = Verb { name: "auth", subverbs: &[&CAN_I, &WHOAMI], ..super::PLAIN };

static CAN_I: Verb = Verb { name: "can-i", run: Some(can_i), ..super::PLAIN };

static WHOAMI: Verb = Verb { name: "whoami", run: Some(whoami), ..super::PLAIN };

const KNOWN_VERBS: &str = "create,delete,deletecollection,get,list,patch,update,watch,use,bind,escalate,impersonate,*";

fn can_i(call: &mut Call<'_>) -> Outcome {
    if call.line.is("list") {
        let heads = ["Resources", "Non-Resource URLs", "Resource Names", "Verbs"];
        let rows = vec![heads.to_vec(), vec!["*.*", "[]", "[]", "[*]"], vec!["", "[*]", "[]", "[*]"]];
        call.out.out(columns(&rows));
        return Ok(Run::Done(0));
    }
    let [verb, resource] = call.line.args.as_slice() else {
        return Err(error("you must specify two arguments: verb resource or verb resource/resourceName.\nSee 'kubectl auth can-i -h' for help and examples."));
    };
    let (verb, resource) = (verb.clone(), resource.split('/').next().unwrap_or("").to_owned());
    if !KNOWN_VERBS.split(',').any(|known| known == verb) {
        call.out.err(format!("Warning: verb '{verb}' is not a known verb"));
    }
    match find_resource(&resource) {
        None if !resource.is_empty() && resource != "*" => {
            call.out.err(format!("Warning: the server doesn't have a resource type '{resource}'"));
        }
        Some(kind) if !kind.namespaced && !call.line.is("all-namespaces") => {
            let text = format!("Warning: resource '{}' is not namespace scoped", kind.plural);
            call.out.err(text);
        }
        _ => {}
    }
    if !call.line.is("quiet") {
        call.out.line("yes");
    }
    Ok(Run::Done(0))
}

fn whoami(call: &mut Call<'_>) -> Outcome {
    let rows = [["ATTRIBUTE", "VALUE"], ["Username", "admin"], ["Groups", "[system:masters system:authenticated]"]];
    call.out.out(columns(&rows.map(|row| row.to_vec())));
    Ok(Run::Done(0))
}
