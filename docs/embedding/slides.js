// Shows one section at a time, as reveal.js does: the others have `hidden`.
const slides = [...document.querySelectorAll("section")];
const steps = { ArrowRight: 1, ArrowLeft: -1 };
document.addEventListener("keydown", ({ key }) => {
  const shown = slides.findIndex((slide) => !slide.hidden);
  const next = Math.min(Math.max(shown + (steps[key] ?? 0), 0), slides.length - 1);
  slides.forEach((slide, i) => (slide.hidden = i !== next));
});
