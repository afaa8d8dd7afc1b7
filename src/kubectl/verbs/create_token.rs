//! `kubectl create token`.

use super::Verb;
use crate::api::{kind, Object, Value};
use crate::base::draw;
use crate::base::time::{parse_duration, Span, Timestamp};
use crate::kubectl::call::{Call, Outcome, Run};
use crate::kubectl::failure::{error, Failure};
use crate::kubectl::print::Format;
use crate::value;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use base64::Engine;

/// The row of `create token`.
pub static TOKEN: Verb = Verb { name: "token", run: Some(token), ..super::PLAIN };

fn token(call: &mut Call<'_>) -> Outcome {
    let name = call.only_name()?;
    check_binding(call)?;
    let found = call.get(kind("ServiceAccount"), &call.namespace(), name);
    let account = found.map_err(|why| error(format!("failed to create token: {}", why.message())))?;
    let lasts = match call.line.get("duration") {
        None => Span::secs(3_600),
        Some(text) => parse_duration(text).ok_or_else(|| super::bad_duration(call, "duration", text))?,
    };
    if lasts < Span::secs(600) && lasts > Span::ZERO {
        let why = "may not specify a duration less than 10 minutes";
        let amount = format!("Invalid value: {}", lasts.as_secs());
        return Err(error(format!("failed to create token: TokenRequest.authentication.k8s.io \"\" is invalid: spec.expirationSeconds: {amount}: {why}")));
    }
    let issued = call.world.timestamp().0 / 1_000_000;
    let until = issued + lasts.as_secs() as i64;
    let token = token_of(call, &account, issued, until);
    if call.line.text("output").is_empty() {
        call.out.line(token);
        return Ok(Run::Done(0));
    }
    let ends = Timestamp(until * 1_000_000).rfc3339();
    let made = value!({"kind": "TokenRequest", "apiVersion": "authentication.k8s.io/v1",
        "metadata": {"name": (account.name()), "namespace": (account.namespace())},
        "spec": {"audiences": ["https://kubernetes.default.svc.cluster.local"], "expirationSeconds": (lasts.as_secs() as i64)},
        "status": {"token": token, "expirationTimestamp": ends}});
    let text = Format::of(call)?.one(&Object { kind: account.kind, value: made })?;
    call.out.out(text);
    Ok(Run::Done(0))
}

/// Fails where the flags that bind a token to an object do not go together.
///
/// Models staging/src/k8s.io/kubectl/pkg/cmd/create TokenOptions.Validate.
fn check_binding(call: &Call<'_>) -> Result<(), Failure> {
    let text = |flag: &str| call.line.text(flag);
    if text("duration").starts_with('-') {
        return Err(error("--duration must be greater than or equal to 0"));
    }
    let kind = text("bound-object-kind");
    if kind.is_empty() {
        let alone = ["bound-object-name", "bound-object-uid"].into_iter().find(|flag| !text(flag).is_empty());
        return alone
            .map_or(Ok(()), |flag| Err(error(format!("--{flag} can only be set if --bound-object-kind is provided"))));
    }
    if !matches!(kind, "Node" | "Pod" | "Secret") {
        return Err(error("supported --bound-object-kind values are Node, Pod, Secret"));
    }
    match text("bound-object-name").is_empty() {
        true => Err(error("--bound-object-name is required if --bound-object-kind is provided")),
        false => Ok(()),
    }
}

/// A token as the API server signs them; the claims are true, the signature is no signature.
fn token_of(call: &Call<'_>, account: &Object, issued: i64, until: i64) -> String {
    let audiences = match call.line.list("audience") {
        none if none.is_empty() => vec!["https://kubernetes.default.svc.cluster.local".to_owned()],
        given => given,
    };
    let claims = value!({
        "aud": (audiences.into_iter().map(Value::from).collect::<Value>()), "exp": until, "iat": issued, "nbf": issued,
        "iss": "https://kubernetes.default.svc.cluster.local",
        "kubernetes.io": {"namespace": (account.namespace()),
            "serviceaccount": {"name": (account.name()), "uid": (account.uid())}},
        "sub": (format!("system:serviceaccount:{}:{}", account.namespace(), account.name()))
    });
    let sign = |n: u64| draw::below(call.world.settings().seed, "token", account.uid(), issued as u64 + n, 256) as u8;
    let signature: Vec<u8> = (0..256).map(sign).collect();
    let head = br#"{"alg":"RS256","kid":"kubottle"}"#;
    let parts = [head.to_vec(), crate::api::encode::json(&claims).into_bytes(), signature];
    parts.map(|part| URL_SAFE_NO_PAD.encode(part)).join(".")
}
