/** What holds of `specyard.yaml` where nothing is said. */
export const usual = { branch: 'main', port: 8787, pullRequests: false, cron: '*/30 * * * * *' } as const
