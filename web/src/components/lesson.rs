//! A lesson: what its present step asks for, how far one has come, and how it would be done.

use kubottle::playground::scenarios::Scenario;
use yew::prelude::*;

use super::Send;
use crate::guest::GuestMsg;
use crate::msg::Msg;
use crate::shared::Shared;
use crate::text::Lang;

/// Properties of the lesson's place.
#[derive(Properties, PartialEq)]
pub struct LessonProps {
    /// Language.
    pub lang: Lang,
    /// The lesson.
    pub lesson: Shared<Scenario>,
    /// How many of its steps are passed.
    pub passed: usize,
    /// Where to send.
    pub send: Send,
}

/// The lesson's place.
#[component]
pub fn LessonPanel(props: &LessonProps) -> Html {
    let LessonProps { lang, lesson, passed, send } = props;
    let text = |texts: &[String]| lesson.in_language(texts, lang.code()).to_owned();
    let dismiss = send.reform(|_: MouseEvent| Msg::Guest(GuestMsg::Dismiss));
    let dots = (0..lesson.steps.len()).map(|index| {
        let class = if index < *passed { "passed" } else { "" };
        html! { <li {class} aria-current={(index == *passed).then_some("step")} title={text(&lesson.steps[index].title)}>{if index < *passed { "✓".to_owned() } else { (index + 1).to_string() }}</li> }
    });
    let close = lang.t("lesson.close");
    html! {
        <section class="lesson" aria-label={lang.t("lesson")}>
            <div class="lesson-head">
                <h2>{text(&lesson.title)}</h2>
                <ol aria-label={lang.with("lesson.progress", &[&passed.to_string(), &lesson.steps.len().to_string()])}>{for dots}</ol>
                <button type="button" class="icon quiet" aria-label={close} title={close} onclick={dismiss}>{"×"}</button>
            </div>
            <div class="lesson-step" aria-live="polite" key={*passed}>
                if let Some(step) = lesson.steps.get(*passed) {
                    if *passed == 0 { <p class="muted">{text(&lesson.about)}</p> }
                    <p><strong>{text(&step.title)}</strong>{" "}{for code(&text(&step.text))}</p>
                    <details><summary>{lang.t("lesson.solution")}</summary><ul>
                        {for step.solution.iter().map(|line| {
                            let (send, line) = (send.clone(), line.clone());
                            html! { <li><button type="button" class="mono" onclick={ { let line = line.clone(); move |_: MouseEvent| send.emit(Msg::Do(line.clone())) } }>{&line}</button></li> }
                        })}
                    </ul></details>
                } else {
                    <p><strong>{lang.t("lesson.done")}</strong>{" "}{text(&lesson.about)}</p>
                }
            </div>
        </section>
    }
}

/// A text with what stands between backticks as code.
fn code(text: &str) -> Vec<Html> {
    let part = |(index, part): (usize, &str)| {
        if index % 2 == 1 {
            html! { <code>{part.to_owned()}</code> }
        } else {
            html! { {part.to_owned()} }
        }
    };
    text.split('`').enumerate().map(part).collect()
}
