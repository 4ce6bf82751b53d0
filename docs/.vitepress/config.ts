import { defineConfig } from 'vitepress'

const guide = [
  { text: 'Start', items: [{ text: 'Quick start', link: '/quick-start' }, { text: 'Concepts', link: '/concepts' }, { text: 'The causeway command', link: '/cli' }, { text: 'Join a cluster', link: '/join' }] },
  { text: 'Build', items: [{ text: 'Compose a chain', link: '/compose' }, { text: 'Whole programs', link: '/programs' }, { text: 'A rollup in your server', link: '/embed' }, { text: 'Plugins', link: '/plugins' }] },
  { text: 'Run', items: [{ text: 'In production', link: '/production' }, { text: 'JSON-RPC', link: '/rpc' }, { text: 'Data availability', link: '/da' }, { text: 'Gas and time', link: '/gas' }] },
  { text: 'Know', items: [{ text: 'What is trusted', link: '/trust' }, { text: 'Measured', link: '/measured' }, { text: 'The protocol', link: '/protocol' }, { text: 'Errors', link: '/errors' }, { text: 'Reference', link: '/reference/' }] },
]

export default defineConfig({
  title: 'Causeway',
  description: 'Appchains that are born connected: one bridge, native messages, one zero-knowledge proof',
  cleanUrls: true,
  // Of the repository, not of the site (scripts/doc-links.test.ts checks them); and viem's own.
  ignoreDeadLinks: [/^(\.\/)?\.\.\//, /^\/docs\/glossary/],
  themeConfig: {
    nav: [{ text: 'Quick start', link: '/quick-start' }, { text: 'Protocol', link: '/protocol' }, { text: 'Reference', link: '/reference/' }],
    sidebar: guide,
    outline: [2, 3],
    search: { provider: 'local' },
  },
})
