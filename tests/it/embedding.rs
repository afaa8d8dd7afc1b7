//! The embedding contract: what a host page asks, and what it is told.

use kubottle::api::{json, Value};
use kubottle::playground::embed::{Embed, PageRequest};
use kubottle::playground::{Playground, Settings};

struct Host {
    playground: Playground,
    embed: Embed,
}

impl Host {
    fn new() -> Host {
        Host { playground: Playground::new(Settings::default()), embed: Embed::default() }
    }

    fn send(&mut self, message: &str) -> (Vec<Value>, Option<PageRequest>) {
        let received = self.embed.receive(&mut self.playground, message);
        let news = self.embed.news(&mut self.playground);
        let told = received.replies.iter().chain(&news).map(|text| json::parse(text).unwrap());
        (told.collect(), received.page)
    }

    /// The result of a message that is answered at once.
    fn ask(&mut self, message: &str) -> Value {
        let (told, _) = self.send(message);
        let reply = told.iter().find(|told| told.get("type").str() == "reply").unwrap_or(&Value::Null);
        assert!(reply.get("ok").bool(), "{message}: {reply:?}");
        reply.get("result").clone()
    }

    fn refusal(&mut self, message: &str) -> String {
        let (told, page) = self.send(message);
        assert!(page.is_none(), "{message}");
        assert!(!told[0].get("ok").bool() && told[0].get("type").str() == "reply", "{told:?}");
        told[0].get("error").str().to_owned()
    }
}

const POD: &str = "apiVersion: v1\\nkind: Pod\\nmetadata:\\n  name: web\\nspec:\\n  containers:\\n  - name: web\\n    image: nginx\\n";

#[test]
fn a_host_applies_a_manifest_lets_time_pass_and_hears_of_it() {
    let mut host = Host::new();
    assert_eq!(host.ask(r#"{"kubottle":1,"id":"a","type":"hello"}"#).get("version").int(), 1);
    let applied = host.ask(&format!(r#"{{"kubottle":1,"id":1,"type":"apply","yaml":"{POD}"}}"#));
    assert_eq!((applied.get("stdout").str(), applied.get("exit_code").int()), ("pod/web created\n", 0));
    let (told, page) = host.send(r#"{"kubottle":1,"id":2,"type":"advance","ms":20000}"#);
    assert_eq!(page, Some(PageRequest::Changed));
    let events = told.iter().filter(|told| told.get("type").str() == "event").map(|told| told.get("event"));
    let reasons: Vec<&str> =
        events.filter(|event| event.get("name").str() == "web").map(|e| e.get("reason").str()).collect();
    assert_eq!(reasons, ["Scheduled", "Pulling", "Pulled", "Created", "Started"]);
    assert!(host.ask(r#"{"kubottle":1,"type":"get","what":"clock"}"#).get("now_ms").int() >= 20_000);
}

#[test]
fn a_command_is_answered_when_it_has_ended_and_keeps_its_two_streams_apart() {
    let mut host = Host::new();
    let (told, _) =
        host.send(r#"{"kubottle":1,"id":7,"type":"exec","command":"sleep 5; kubectl get pod nobody; echo said"}"#);
    assert!(told.iter().all(|told| told.get("type").str() != "reply"), "it still sleeps: {told:?}");
    let (told, _) = host.send(r#"{"kubottle":1,"id":8,"type":"exec","command":"echo after"}"#);
    assert!(told.iter().all(|told| told.get("type").str() != "reply"), "it waits for the first: {told:?}");
    let (told, _) = host.send(r#"{"kubottle":1,"id":9,"type":"advance","ms":6000}"#);
    let replies: Vec<&Value> = told.iter().filter(|told| told.get("type").str() == "reply").collect();
    let result = |id: i64| replies.iter().find(|reply| reply.get("id").int() == id).unwrap().get("result");
    assert_eq!(result(7).get("stdout").str(), "said\n");
    assert_eq!(result(7).get("stderr").str(), "Error from server (NotFound): pods \"nobody\" not found\n");
    assert_eq!(result(8).get("stdout").str(), "after\n");
    assert_eq!(result(8).get("exit_code").int(), 0);
}

#[test]
fn a_state_travels_and_time_can_be_turned_back() {
    let mut host = Host::new();
    host.ask(&format!(r#"{{"kubottle":1,"id":1,"type":"apply","yaml":"{POD}"}}"#));
    host.send(r#"{"kubottle":1,"id":2,"type":"advance","ms":30000}"#);
    let state = host.ask(r#"{"kubottle":1,"type":"get","what":"state"}"#).get("state").str().to_owned();
    let digest = host.ask(r#"{"kubottle":1,"type":"get","what":"digest"}"#);
    let mut other = Host::new();
    other.ask(&format!(r#"{{"kubottle":1,"type":"load","state":"{state}"}}"#));
    assert_eq!(other.ask(r#"{"kubottle":1,"type":"get","what":"digest"}"#), digest);
    other.ask(r#"{"kubottle":1,"type":"seek","ms":1}"#);
    assert_ne!(other.ask(r#"{"kubottle":1,"type":"get","what":"digest"}"#), digest);
    let topology = other.ask(r#"{"kubottle":1,"type":"get","what":"topology"}"#);
    assert_eq!(topology.get("nodes").list().len(), 3);
}

#[test]
fn what_the_page_is_to_do_is_handed_on() {
    let mut host = Host::new();
    let page = |host: &mut Host, text: &str| host.send(text).1.unwrap();
    assert_eq!(page(&mut host, r#"{"kubottle":1,"type":"play","speed":10}"#), PageRequest::Play(Some(10.0)));
    assert_eq!(page(&mut host, r#"{"kubottle":1,"type":"pause"}"#), PageRequest::Pause);
    let set = page(&mut host, r#"{"kubottle":1,"type":"set","theme":"dark","view":"timeline"}"#);
    let (theme, view) = (Some("dark".to_owned()), Some("timeline".to_owned()));
    assert_eq!(set, PageRequest::Set { lang: None, theme, view });
}

#[test]
fn a_wrong_message_is_refused_with_its_reason_and_a_strange_one_is_left_alone() {
    let mut host = Host::new();
    for (message, said) in [
        (r#"{"kubottle":2,"id":1,"type":"hello"}"#, "version 1"),
        (r#"{"kubottle":1,"id":1,"type":"dance"}"#, "unknown type \"dance\""),
        (r#"{"kubottle":1,"id":1,"type":"exec"}"#, "\"command\" must be text"),
        (r#"{"kubottle":1,"id":1,"type":"seek","ms":-1}"#, "\"ms\" must be a number"),
        (r#"{"kubottle":1,"id":1,"type":"advance","ms":1e18}"#, "\"ms\" must be a number"),
        (r#"{"kubottle":1,"id":1,"type":"load","state":"2.nonsense"}"#, "cannot be read: damaged"),
        (r#"{"kubottle":1,"id":1,"type":"get","what":"moon"}"#, "unknown thing to get"),
    ] {
        let error = host.refusal(message);
        assert!(error.contains(said), "{error}");
    }
    for strange in ["", "hello", "{}", "[1]", r#"{"type":"hello"}"#, r#"{"source":"react-devtools"}"#] {
        assert_eq!(host.embed.receive(&mut host.playground, strange), Default::default(), "{strange}");
    }
}
