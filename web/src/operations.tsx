// The entry of /analytics/operations.
import { Page } from './components/page';
import { start } from './start';

start(Page);
