#!/usr/bin/env node
import { finish } from '../command-result.ts';
import { qnetdTool } from '../corosync-qnetd-tool.ts';

finish(await qnetdTool(process.argv.slice(2)));
