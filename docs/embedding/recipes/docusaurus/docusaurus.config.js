export default {
  title: "Kubernetes by watching",
  url: "https://course.example",
  baseUrl: "/course/",
  presets: [["classic", { docs: { routeBasePath: "/", sidebarPath: false }, blog: false }]],
  scripts: ["/course/kubottle/embed.js"],
};
