// For the image: 0 while the server and its database answer.
const answer = await fetch(`http://127.0.0.1:${process.env.PORT}/api/health`).catch(() => null);
process.exit(answer?.ok ? 0 : 1);
