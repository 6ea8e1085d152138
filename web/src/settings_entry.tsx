// The entry of /settings.
import { SettingsPage } from './components/settings_page';
import { start } from './start';

start(SettingsPage);
