import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { App, prefetchPage } from './app.tsx';
import './styles.css';

const root = document.getElementById('root');
if (!root) throw new Error('index.html has no #root');
prefetchPage(location.pathname);
createRoot(root).render(
  <StrictMode>
    <App />
  </StrictMode>,
);
