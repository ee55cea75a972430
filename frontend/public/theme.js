// Runs before the first paint, as a file of its own because the content security policy refuses inline scripts.
const chosen = localStorage.getItem('rondo-theme');
if (chosen === 'light' || chosen === 'dark') document.documentElement.dataset.theme = chosen;
if (localStorage.getItem('rondo-density') === 'compact') document.documentElement.dataset.density = 'compact';
